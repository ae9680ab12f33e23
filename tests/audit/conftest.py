"""One Daybook for all tests of this folder."""

from tests.http.daybook import api

__all__ = ["api"]
