"""A small Daybook for each test."""

from collections.abc import Iterator

import pytest

from tests.notifications.world import Post


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.passwords.stop()
