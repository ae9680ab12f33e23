"""Each of the library's test cases gets an empty migrated database, on both servers."""

import pytest

from infra.postgres.migrate import migrate
from tests.servers import Database


@pytest.fixture
def empty_log(any_database: Database) -> Database:
    """An empty log."""
    migrate(any_database.owner_url)
    return any_database
