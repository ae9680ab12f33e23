"""One Daybook for all tests of a file: others of this folder break what it stands on."""

from tests.http.daybook import own_api

__all__ = ["own_api"]
