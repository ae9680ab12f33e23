"""Numbered SQL files, each applied once in a transaction of its own, under an advisory lock, with its checksum kept."""

import hashlib
import sys
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import msgspec
import psycopg

PREPARE = """
create schema if not exists daybook;
create table if not exists daybook.migrations (
    number integer primary key, name text not null, checksum bytea not null, applied_at timestamptz not null default clock_timestamp());
"""


class NewerSchema(Exception):
    """The database was migrated by newer code than this."""


class ChangedMigration(Exception):
    """A migration that was applied is not the same file any more."""


class Migration(msgspec.Struct, frozen=True):
    """One file: `0007_commands.sql` is number 7, name `commands`."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> bytes:
        """SHA-256 of the file."""
        return hashlib.sha256(self.sql.encode()).digest()


def known_migrations() -> list[Migration]:
    """All migrations of this code, in order."""
    found = [file for file in files("infra.migrations").iterdir() if file.name.endswith(".sql")]
    parsed = (Migration(int(file.name[:4]), file.name[5:-4], file.read_text()) for file in found)
    return sorted(parsed, key=lambda migration: migration.number)


def migrate(url: str, migrations: Iterable[Migration] | None = None) -> list[str]:
    """Bring the database up to this code; the names of what was applied. Raises `NewerSchema`, `ChangedMigration`."""
    wanted = known_migrations() if migrations is None else list(migrations)
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        connection.execute("set client_min_messages = warning")
        connection.execute("select pg_advisory_lock(7709, 2)")
        connection.execute(PREPARE)
        applied: dict[int, bytes] = dict(connection.execute("select number, checksum from daybook.migrations").fetchall())
        newest = max((migration.number for migration in wanted), default=0)
        if any(number > newest for number in applied):
            raise NewerSchema(f"the database has migration {max(applied)}, this code knows {newest}: use a newer Daybook")
        return [name for migration in wanted if (name := _apply(connection, migration, applied))]


def _apply(connection: "psycopg.Connection[Any]", migration: Migration, applied: dict[int, bytes]) -> str | None:
    known = applied.get(migration.number)
    if known is not None:
        if bytes(known) != migration.checksum:
            raise ChangedMigration(f"migration {migration.number} ({migration.name}) was changed after it was applied")
        return None
    with connection.transaction():
        connection.execute(migration.sql.encode())
        connection.execute(
            "insert into daybook.migrations (number, name, checksum) values (%s, %s, %s)",
            (migration.number, migration.name, migration.checksum),
        )
    return migration.name


if __name__ == "__main__":
    migrate(sys.argv[1])
