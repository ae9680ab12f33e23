"""A small Daybook for each test."""

from collections.abc import Iterator

import pytest

from tests.identity.small_daybook import Identity


@pytest.fixture
def identity() -> Iterator[Identity]:
    made = Identity()
    yield made
    made.passwords.stop()
