"""Real processes on the embedded servers; one log, one Redis and one set of processes per test file."""

from collections.abc import AsyncIterator, Iterator

import pytest

from infra.app import System, system
from infra.local.secrets import all_secrets
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tests.faults.daybook import Daybook, Nursery
from tests.faults.fold_of_the_log import Checker
from tests.servers import Database, Servers


def settings_for(servers: Servers, database: Database, redis_url: str, jobs_folder: str = "") -> Settings:
    known = all_secrets(servers.state)
    return Settings(
        database_url=database.app_url,
        migration_database_url=database.owner_url,
        redis_url=redis_url,
        master_key=known.master_key,
        secret_key=known.secret_key,
        jwt_private_keys=known.jwt_private_keys,
        admin_email="admin@example.org",
        admin_password="a garden of forking paths",
        bcrypt_cost=4,
        throttler_limit=1_000_000,
        sweep_interval=0.2,
        log_level="warning",
        jobs_folder=jobs_folder,
    )


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    made = Nursery(tmp_path_factory.mktemp("processes"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def daybook(nursery: Nursery, servers: Servers, module_database: Database) -> Iterator[Daybook]:
    """Nothing runs yet but the servers."""
    migrate(module_database.owner_url)
    made = Daybook(nursery, settings_for(servers, module_database, servers.empty_redis(), str(nursery.folder / "jobs")))
    yield made
    made.stop()


@pytest.fixture
def checker(daybook: Daybook) -> Checker:
    return Checker(daybook.settings)


@pytest.fixture
async def parts(daybook: Daybook) -> AsyncIterator[System]:
    """The test's own door to the log."""
    async with system(daybook.settings, readers=2) as made:
        yield made
