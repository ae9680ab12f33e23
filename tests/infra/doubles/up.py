"""`up` with small processes instead of the real ones: python -m tests.infra.doubles.up FOLDER PORT [crashing|newer]."""

import sys
from pathlib import Path

import psycopg

from infra.cli.up import doing, say, show
from infra.local.state import LocalProblem, State
from infra.postgres.migrate import NewerSchema
from infra.processes import Process
from infra.settings import BadSettings, Settings
from infra.supervisor.start import Application, Screen, up


def migrate(url: str) -> None:
    if "newer" in sys.argv:
        raise NewerSchema("the database has migration 99, this code knows 1: use a newer Daybook")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS admins (email text)")


def ensure_admin(settings: Settings) -> bool:
    with psycopg.connect(settings.owner_url) as connection:
        if connection.execute("SELECT 1 FROM admins").fetchone():
            return False
        connection.execute("INSERT INTO admins VALUES (%s)", (settings.admin_email,))
        return True


def application() -> Application:
    second = Process("relay", "tests.infra.doubles.crashing" if "crashing" in sys.argv else "tests.infra.doubles.process", "announces")
    return Application((Process("serve", "tests.infra.doubles.process", "answers", public=True), second), migrate, ensure_admin)


if __name__ == "__main__":
    try:
        up(State(Path(sys.argv[1])), int(sys.argv[2]), Screen(say, doing, show), application)
    except (LocalProblem, BadSettings) as problem:
        sys.exit(f"daybook: {problem}")
