"""`serve`, `relay`, `consumers`, `clock`, `migrate`, `admin create`: what they need, what they refuse, what they leave behind."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.local.program import free_port
from infra.local.state import CLONE
from infra.processes import PROCESSES
from infra.supervisor.health import ask
from tests.eventually import until
from tests.infra.doubles.forge import OURS, pem
from tests.servers import Database

ELSEWHERE = "import sys, infra.__main__, infra.local.state as state; state.CLONE = state.Path('/'); infra.__main__.main()"
PASSWORD = "a garden of forking paths"


def settings(database: Database, redis_url: str, **more: str) -> dict[str, str]:
    keys = {name: base64.b64encode(os.urandom(32)).decode() for name in ("MASTER_KEY", "SECRET_KEY")}
    given = {"DATABASE_URL": database.app_url, "MIGRATION_DATABASE_URL": database.owner_url, "REDIS_URL": redis_url, "JWT_PRIVATE_KEYS": pem(OURS)}
    return given | keys | {"BCRYPT_COST": "4"} | more


def begin(words: tuple[str, ...], environment: dict[str, str], folder: Path, **more: Any) -> "subprocess.Popen[str]":
    """A command, started where no clone is."""
    paths = {"PYTHONPATH": str(CLONE), "PATH": "/usr/bin"}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", ELSEWHERE, *words], cwd=folder, env=environment | paths, **(pipes | more))


def do(words: tuple[str, ...], environment: dict[str, str], folder: Path, typed: str = "") -> tuple[int, str, str]:
    process = begin(words, environment, folder)
    out, err = process.communicate(typed, timeout=600)
    return process.returncode, out, err


@pytest.mark.server
@pytest.mark.parametrize("name", [process.name for process in PROCESSES])
def test_a_process_without_its_secrets_names_each_in_a_line_and_does_not_start(name, tmp_path):
    code, out, err = do((name,), {"DATABASE_URL": "postgresql://nowhere"}, tmp_path)
    assert (code, out) == (1, "")
    assert err.removeprefix("daybook: ").splitlines() == [
        f"{setting} is missing" for setting in ("REDIS_URL", "MASTER_KEY", "SECRET_KEY", "JWT_PRIVATE_KEYS")
    ]


@pytest.mark.server
def test_a_process_with_secrets_that_are_none_names_each_in_a_line(tmp_path):
    weak = {"DATABASE_URL": "postgresql://nowhere", "REDIS_URL": "redis://nowhere", "JWT_PRIVATE_KEYS": "change me"}
    code, out, err = do(("relay",), weak | {"MASTER_KEY": "change me", "SECRET_KEY": base64.b64encode(bytes(32)).decode()}, tmp_path)
    assert (code, out) == (1, "")
    assert err.removeprefix("daybook: ").splitlines() == [
        "MASTER_KEY must be 32 random bytes in base64",
        "SECRET_KEY must be 32 random bytes in base64",
        "JWT_PRIVATE_KEYS must hold RSA private keys in PEM, one after another",
    ]


def test_a_port_that_is_taken_is_one_line(fresh_database, redis_url, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, err = do(("serve", "--port", str(port)), settings(fresh_database, redis_url), tmp_path)
    assert (code, out) == (1, "")
    assert err == f"daybook: port {port} on 127.0.0.1 cannot be used (Address already in use): choose another\n"


def test_migrate_says_what_is_missing_does_it_once_and_needs_no_secrets(fresh_database, tmp_path):
    bare = {"DATABASE_URL": fresh_database.owner_url}
    code, out, _ = do(("migrate", "--status", "--json"), bare, tmp_path)
    told = json.loads(out)
    assert (code, told["pending"]) == (1, len(told["migrations"]))
    code, out, _ = do(("migrate", "--json"), bare, tmp_path)
    assert (code, len(json.loads(out)["applied"]), json.loads(out)["pending"]) == (0, told["pending"], 0)
    assert do(("migrate",), bare, tmp_path)[:2] == (0, "Nothing to do: the database is as this code wants it.\n")
    code, out, _ = do(("migrate", "--status"), bare, tmp_path)
    assert code == 0
    assert len(out.splitlines()) == told["pending"]
    assert "missing" not in out


def test_migrate_refuses_a_database_of_a_newer_daybook_in_one_line(fresh_database, tmp_path):
    bare = {"DATABASE_URL": fresh_database.owner_url}
    assert do(("migrate",), bare, tmp_path)[0] == 0
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as connection:
        connection.execute("insert into daybook.migrations (number, name, checksum) values (9000, 'later', '')")
    code, out, err = do(("migrate",), bare, tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith("daybook: the database has migration 9000, this code knows ")
    assert err.count("\n") == 1


@pytest.mark.server
def test_a_database_that_does_not_answer_is_one_line(tmp_path):
    code, out, err = do(("migrate",), {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"}, tmp_path)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "Traceback" not in err


def test_an_administrator_is_made_by_hand_once_and_the_password_comes_from_three_places(fresh_database, redis_url, tmp_path):
    given = settings(fresh_database, redis_url)
    assert do(("migrate",), given, tmp_path)[0] == 0
    create = ("admin", "create", "--email")
    code, out, err = do((*create, "Ada@example.org", "--name", "Ada", "--password-stdin", "--json"), given, tmp_path, f"{PASSWORD}\n")
    assert (code, json.loads(out)["name"]) == (0, "Ada"), err
    code, out, err = do((*create, "ada@example.org", "--password-stdin"), given, tmp_path, f"{PASSWORD}\n")
    assert (code, out, err) == (1, "", "daybook: An account with this e-mail exists already: no administrator was made\n")
    code, out, err = do((*create, "bob@example.org"), given | {"ADMIN_PASSWORD": PASSWORD}, tmp_path)
    assert (code, out[:33]) == (0, "bob@example.org is an administrat"), err
    code, out, err = do((*create, "eve@example.org"), given, tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith("daybook: a password is needed")
    code, out, err = do((*create, "eve@example.org", "--password-stdin"), given, tmp_path, "short\n")
    assert (code, out) == (1, "")
    assert "8 to 128 characters" in err
    with psycopg.connect(fresh_database.super_url) as connection:
        granted = connection.execute("select convert_from(data::text::bytea, 'UTF8') from daybook.events where type = 'user.role_granted'").fetchall()
    assert [json.loads(row[0])["role"] for row in granted] == ["admin", "admin"]


def test_every_process_starts_by_its_command_tells_how_it_is_and_ends_on_sigterm(fresh_database, redis_url, tmp_path):
    given = settings(fresh_database, redis_url)
    assert do(("migrate",), given, tmp_path)[0] == 0
    started = []
    for process in PROCESSES:
        port = free_port()
        option = "--port" if process.public else "--health-port"
        with (tmp_path / f"{process.name}.log").open("wb") as log:
            started.append(
                (process.name, port, begin((process.name, option, str(port)), given, tmp_path, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
            )
    try:
        for name, port, _ in started:
            until(lambda port=port: ask(port).ready, 30, f"{name} is ready")
    finally:
        for _, _, running in started:
            running.send_signal(signal.SIGTERM)
        codes = {name: running.wait(200) for name, _, running in started}
    assert codes == {process.name: 0 for process in PROCESSES}, [(tmp_path / f"{name}.log").read_text() for name in codes]
