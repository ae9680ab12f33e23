"""A clone of the repository in which `up` runs, for tests of `daybook demo`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from infra.local.state import CLONE
from tests.servers import Database

PROGRAM = """
import sys
from pathlib import Path
import infra.demo.shop.invoices
import infra.local.state
infra.local.state.CLONE = Path(sys.argv.pop(1))
infra.demo.shop.invoices.FILE = infra.local.state.CLONE / "invoices.csv.gz"
from infra.__main__ import main
main()
"""
"""The command line, in a clone of its own, with a file of invoices of its own."""


class Clone:
    """One clone in which `up` runs."""

    def __init__(self, folder: Path, database: Database, redis_url: str) -> None:
        self.folder = folder
        self.database = database
        self.environment = os.environ | {
            "PYTHONPATH": str(CLONE), "DATABASE_URL": database.owner_url, "REDIS_URL": redis_url, "BCRYPT_COST": "4", "PAYMENT_DURATION": "0",
            "ADMIN_EMAIL": "ada@example.org", "ADMIN_PASSWORD": "a garden of forking paths",
        }  # fmt: skip
        folder.mkdir()
        (folder / "pyproject.toml").touch()

    def start(self, *words: str, **more: Any) -> subprocess.Popen[bytes]:
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(self.folder), *words], cwd=self.folder, env=self.environment, stderr=said, **more
            )

    def desk(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Play the help desk: exit code, and what it told as JSON."""
        return self._demo("help-desk", *words)

    def shop(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Play the shop: exit code, and what it told of it as JSON."""
        code, told = self._demo("shop", *words)
        return code, told["shop"]

    def _demo(self, part: str, *words: str) -> tuple[int, dict[str, Any]]:
        run = self.start("demo", "--json", "--only", part, *words, stdout=subprocess.PIPE)
        told, _ = run.communicate(timeout=600)
        assert told, (self.folder / "said").read_text()[-2000:]
        return run.returncode, json.loads(told)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.super_url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    @contextmanager
    def as_admin(self) -> Iterator[httpx.Client]:
        url = json.loads((self.folder / ".daybook" / "running.json").read_bytes())["url"]
        who = {"email": self.environment["ADMIN_EMAIL"], "password": self.environment["ADMIN_PASSWORD"]}
        with httpx.Client(base_url=url, timeout=60) as http:
            http.headers["authorization"] = f"Bearer {http.post('/api/v1/auth/login', json=who).json()['access_token']}"
            yield http

    def events(self, kind: str = "task.%") -> int:
        """How many things of a kind have happened."""
        return int(self.sql(f"select count(*) from daybook.events where type like '{kind}'")[0][0])
