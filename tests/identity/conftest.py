"""A small Daybook for each test, and one on servers for all tests of a file."""

from collections.abc import Iterator

import pytest

from tests.http.daybook import own_api
from tests.identity.small_daybook import Identity

__all__ = ["identity", "own_api"]


@pytest.fixture
def identity() -> Iterator[Identity]:
    made = Identity()
    yield made
    made.passwords.stop()
