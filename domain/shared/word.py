"""One of a few words, as people type it."""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """May be typed in any case; `usual` knows other words for the same."""

    @classmethod
    def usual(cls, typed: str) -> str:
        """The word that is meant by one in lower case."""
        return typed

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        meant = cls.usual(value.lower())
        return next((word for word in cls if word.value == meant), None)
