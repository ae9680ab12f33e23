"""One Daybook for all tests of a file."""

from tests.http.conftest import api

__all__ = ["api"]
