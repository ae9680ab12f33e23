"""One migrated database per server for all tests of the log: tests use streams, keys and names of their own."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from application.shared.ports import Log
from infra.memory.log import MemoryLog
from infra.postgres.connections import connect
from infra.postgres.log import PostgresLog
from infra.postgres.migrate import migrate
from tests.servers import Database, Servers, external_database

BOTH = [pytest.param("embedded", marks=pytest.mark.server), pytest.param("external", marks=pytest.mark.server)]


@pytest.fixture(scope="session")
def embedded_log(postgres_server: Servers) -> Iterator[Database]:
    """A migrated database on the embedded PostgreSQL."""
    made = postgres_server.new_database()
    migrate(made.owner_url)
    yield made
    postgres_server.drop(made)


@pytest.fixture(scope="session")
def external_log() -> Iterator[Database]:
    """A migrated database on the PostgreSQL of this machine."""
    outside = external_database()
    made = outside.new_database()
    migrate(made.owner_url)
    yield made
    outside.drop(made)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Database:
    """Both databases with a log, one after the other."""
    made: Database = request.getfixturevalue(f"{request.param}_log")
    return made


@pytest.fixture
async def appending(database: Database) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection with the application's role, as the appender has it."""
    async with await connect(database.app_url, name="test") as connection:
        yield connection


@pytest.fixture
async def postgres_log(database: Database) -> AsyncIterator[PostgresLog]:
    """The log on PostgreSQL."""
    opened = PostgresLog(database.app_url, readers=2)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture(params=["memory", *BOTH])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    """The log, three ways."""
    if request.param == "memory":
        yield MemoryLog()
        return
    opened = PostgresLog(request.getfixturevalue(f"{request.param}_log").app_url, readers=2)
    await opened.start()
    yield opened
    await opened.stop()
