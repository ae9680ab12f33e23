"""What every test may ask for: servers that are started once, at the first test that needs one, and closed sockets for all others.

* `fresh_database` – a new empty database (`owner_url`, `app_url`, `super_url`) on the embedded PostgreSQL; one per test.
* `redis_url` – an empty database of the embedded Valkey.
* `any_database`, `any_redis` – the same, once on the embedded server and once on the PostgreSQL (15 or newer) and Redis that answer on
  their usual ports of this machine; skipped where none does. Never anything but own databases, and Redis database 9 (or
  the one of DAYBOOK_TEST_REDIS_DATABASE, which the runs beside the first of `daybook test` have), is touched there.
* `api` – a whole Daybook, for all tests of a folder or of a file; see `tests/http/daybook.py`.
"""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from infra.settings import Settings
from tests.patience import patient
from tests.servers import Database, Servers, external_database, external_redis

SERVER_FIXTURES = {"servers", "postgres_server", "fresh_database", "module_database", "redis_url", "any_database", "any_redis"}


def pytest_configure() -> None:
    """What is set for a real system must not reach the tests, nor the tests it."""
    for name in list(os.environ):
        if name.removesuffix("_FILE").lower() in Settings.__struct_fields__:
            del os.environ[name]
    # How long an example takes says something about the machine and nothing about Daybook.
    settings.register_profile("daybook", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("daybook")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _closed_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that does not say `server` cannot reach one, so it cannot depend on one either."""
    if request.node.get_closest_marker("server"):
        return

    def refuse(*_: Any, **__: Any) -> Any:  # As a server that is away: a Daybook of other tests of the folder, which goes on meanwhile, bears it.
        raise ConnectionRefusedError("this test opens a connection: mark it `server` or use a server fixture")

    for name in ("connect", "connect_ex", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr("psycopg.generators.connect", refuse)


@pytest.fixture(autouse=True)
def _patient(request: pytest.FixtureRequest) -> Iterator[None]:
    """All but the tests of the log itself, which promise how long it waits."""
    if request.node.path.parent.name == "log":
        yield
        return
    with patient():
        yield


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The embedded servers of this test session, each started when it is first asked for."""
    running = Servers(tmp_path_factory.mktemp("servers") / "state")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def postgres_server(servers: Servers) -> Servers:
    """The embedded PostgreSQL; `new_database()` and `drop(database)` for tests that need several."""
    servers.start_postgres()
    return servers


@pytest.fixture
def fresh_database(postgres_server: Servers) -> Iterator[Database]:
    """A new empty database for this test."""
    made = postgres_server.new_database()
    yield made
    postgres_server.drop(made)


@pytest.fixture(scope="module")
def module_database(postgres_server: Servers) -> Iterator[Database]:
    """A new empty database for all tests of one file."""
    made = postgres_server.new_database()
    yield made
    postgres_server.drop(made)


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """The embedded Valkey, emptied; several tests at once in one process do not exist."""
    return servers.empty_redis()


@pytest.fixture(params=["embedded", "external"])
def any_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A new empty database: once embedded, once on the PostgreSQL that already runs here."""
    if request.param == "embedded":
        yield request.getfixturevalue("fresh_database")
        return
    outside = external_database()
    made = outside.new_database()
    yield made
    outside.drop(made)


@pytest.fixture(params=["embedded", "external"])
def any_redis(request: pytest.FixtureRequest) -> str:
    """An empty Redis database: once embedded, once on the Redis that already runs here."""
    if request.param == "embedded":
        return str(request.getfixturevalue("redis_url"))
    return external_redis()
