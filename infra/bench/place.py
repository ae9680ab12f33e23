"""Where a bench happens: servers of its own in a temporary folder, a new database for each measurement, processes that end with it."""

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg import sql

from infra.bench import apart
from infra.bench.row import Say
from infra.local.logins import OWNER, Endpoint
from infra.local.postgres import Postgres, start_postgres
from infra.local.secrets import all_secrets
from infra.local.state import State
from infra.local.valkey import Valkey, start_valkey
from infra.postgres.migrate import migrate
from infra.settings import Settings

CLIENTS: Final = 64
CONNECTIONS: Final = 200
"""The product needs few; `pgbench` and the eventsourcing library need one for each client."""


class Place:
    """The embedded servers of one run. fsync and synchronous_commit are on, as always."""

    def __init__(self, say: Say, quick: float = 1.0) -> None:
        self.say = say
        self.quick = quick
        """Factor on every duration: below 1 only to see that everything works."""
        self.folder = Path(tempfile.mkdtemp(prefix="daybook-bench-"))
        self.output = self.folder / "output.log"
        self.state = State(self.folder / "state")
        self._numbers = itertools.count(1)
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)  # As root, the servers run under another account.
        self.state.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()
        for server in (self._postgres, self._valkey):
            if server is not None:
                server.stop()
        self.state.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def seconds(self, usual: float) -> float:
        """How long to measure."""
        return max(0.3, usual * self.quick)

    @property
    def postgres(self) -> Postgres:
        """The embedded PostgreSQL, started when it is first asked for."""
        if self._postgres is None:
            self.say("starting PostgreSQL")
            self._postgres = start_postgres(self.state)
            with psycopg.connect(self._postgres.endpoint("postgres").super_url, autocommit=True) as connection:
                connection.execute(f"alter system set max_connections = {CONNECTIONS}")
            self._postgres.stop()
            self._postgres.begin()
            self._postgres.finish()
        return self._postgres

    @property
    def valkey_url(self) -> str:
        """The embedded Valkey."""
        if self._valkey is None:
            self._valkey = start_valkey(self.state)
        return self._valkey.url

    def database(self) -> Endpoint:
        """A new, empty database."""
        name = f"bench_{next(self._numbers)}"
        with psycopg.connect(self.postgres.endpoint("postgres").super_url, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
        return self.postgres.endpoint(name)

    def settings(self, **more: Any) -> Settings:
        """The settings of a new Daybook: its own migrated database and an empty Valkey."""
        import redis

        at = self.database()
        migrate(at.owner_url)
        with redis.Redis.from_url(self.valkey_url) as client:
            client.flushall()
        kept = all_secrets(self.state)
        return Settings(
            database_url=at.app_url,
            migration_database_url=at.owner_url,
            redis_url=self.valkey_url,
            master_key=kept.master_key,
            secret_key=kept.secret_key,
            jwt_private_keys=kept.jwt_private_keys,
            **{"throttler_limit": 10_000_000, **more},
        )

    def owner(self, settings: Settings) -> "psycopg.Connection[Any]":
        """A connection of who may do everything in a Daybook's database."""
        name = settings.database_url.rpartition("/")[2]
        return psycopg.connect(self.postgres.endpoint(name).super_url, autocommit=True, options="-c search_path=daybook,read_models")

    def run(self, function: Callable[..., Any], settings: Settings | None = None, **arguments: Any) -> Any:
        """Do something in a process of its own; its answer."""
        return self.run_all(1, function, settings, **arguments)[0]

    def run_all(self, number: int, function: Callable[..., Any], settings: Settings | None = None, **arguments: Any) -> list[Any]:
        """Do something in several processes at once; their answers."""
        started = [apart.begin(function, settings, self.output, arguments) for _ in range(number)]
        try:
            return [apart.answer(process, function.__qualname__, self.output) for process in started]
        finally:
            _end(started)

    @contextmanager
    def beside(self, function: Callable[..., Any], settings: Settings | None = None, **arguments: Any) -> Iterator[Callable[[], Any]]:
        """Do something in a process of its own meanwhile; what this gives fetches its answer."""
        process = apart.begin(function, settings, self.output, arguments)
        try:
            yield lambda: apart.answer(process, function.__qualname__, self.output)
        finally:
            _end([process])

    def keep(self, function: Callable[..., Any], settings: Settings | None = None, **arguments: Any) -> "subprocess.Popen[bytes]":
        """Start something that runs until `end`."""
        process = apart.begin(function, settings, self.output, arguments)
        self._running.append(process)
        return process

    def end(self) -> None:
        """End what `keep` started."""
        _end(self._running)
        self._running.clear()


def _end(processes: list["subprocess.Popen[bytes]"]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
