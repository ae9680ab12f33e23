"""The servers behind the fixtures of `conftest.py`."""

import contextlib
import itertools
import os
from pathlib import Path

import msgspec
import psycopg
import pytest
import redis
from psycopg import sql

from infra.local.logins import OWNER
from infra.local.postgres import Postgres, start_postgres
from infra.local.state import State
from infra.local.valkey import Valkey, start_valkey

IN_SERVICE = """
select coalesce((select setting from pg_file_settings where name = %(name)s and sourcefile like '%%/postgresql.conf'), current_setting(%(name)s))"""
"""A setting of a server as it is without the tests, which leave the disk alone."""
EXTERNAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/{name}?connect_timeout=2"
EXTERNAL_REDIS = f"redis://127.0.0.1:6379/{os.environ.get('DAYBOOK_TEST_REDIS_DATABASE', '9')}"
"""Runs of the tests beside each other on one machine need a database each."""
NUMBERS = itertools.count(1)


class Database(msgspec.Struct, frozen=True):
    """One database of a test: the login that owns it, the application's, and one that may do everything."""

    name: str
    owner_url: str
    app_url: str
    super_url: str
    external: bool = False


class Cluster:
    """Makes and drops databases with names that no other run of the tests uses."""

    def __init__(self, template: str, owner: str) -> None:
        self._template = template
        self._owner = owner

    def new_database(self) -> str:
        name = f"daybook_test_{os.getpid()}_{next(NUMBERS)}"
        # FILE_COPY takes half as long as the default for an empty template.
        self._run("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' STRATEGY FILE_COPY", name, self._owner)
        return name

    def drop(self, name: str) -> None:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._template.format(name="postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class External(Cluster):
    """A PostgreSQL that somebody else started: one login for everything."""

    def new_database(self) -> Database:  # type: ignore[override]  # Gives the addresses too.
        name = super().new_database()
        url = self._template.format(name=name)
        return Database(name=name, owner_url=url, app_url=url, super_url=url, external=True)

    def drop(self, database: Database) -> None:  # type: ignore[override]  # shared servers keep it
        super().drop(database.name)


class Servers:
    """The embedded servers of one test session, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder)
        self.state.open()
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self._shared: Servers | None = None

    @property
    def shared(self) -> "Servers":
        """Others of the same kind, for what lasts longer than one file: no test that wants an empty Redis empties theirs."""
        if self._shared is None:
            self._shared = Servers(self.state.folder.with_name("shared"))
        return self._shared

    def start_postgres(self) -> Postgres:
        if self.postgres is None:
            self.postgres = start_postgres(self.state)
            self._hurry(self.postgres.endpoint("postgres").super_url)
        return self.postgres

    @staticmethod
    def _hurry(url: str) -> None:
        """Leave the disk alone: this machine does not lose its power, and no test waits for what others write."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("alter system set fsync = off")
            connection.execute("select pg_reload_conf()")

    def new_database(self) -> Database:
        server = self.start_postgres()
        name = self._cluster().new_database()
        at = server.endpoint(name)
        return Database(name=name, owner_url=at.owner_url, app_url=at.app_url, super_url=at.super_url)

    def drop(self, database: Database) -> None:
        self._cluster().drop(database.name)

    def empty_redis(self) -> str:
        if self.valkey is None:
            self.valkey = start_valkey(self.state)
        _flush(self.valkey.url, everything=True)
        return self.valkey.url

    def stop(self) -> None:
        for server in (self.postgres, self.valkey, self._shared):
            if server is not None:
                server.stop()

    def _cluster(self) -> Cluster:
        return Cluster(self.start_postgres().endpoint("{name}").super_url, OWNER)


def external_database() -> External:
    """The PostgreSQL of this machine; where none answers that is new enough, whoever asks is skipped."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(EXTERNAL_POSTGRES.format(name="postgres")) as connection:
        if connection.info.server_version >= 150_000:
            return External(EXTERNAL_POSTGRES, "postgres")
    pytest.skip("no PostgreSQL 15 or newer answers on 127.0.0.1:5432")


def external_redis() -> str:
    """An own database of the Redis of this machine, emptied; where none answers, whoever asks is skipped."""
    with contextlib.suppress(redis.RedisError):
        _flush(EXTERNAL_REDIS, everything=False)
        return EXTERNAL_REDIS
    pytest.skip("no Redis answers on 127.0.0.1:6379")


def _flush(url: str, *, everything: bool) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushall() if everything else client.flushdb()
