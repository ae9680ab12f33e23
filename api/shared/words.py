"""Words of queries: one, or several with commas."""

from enum import StrEnum
from typing import TypeVar

from api.shared.problems import BodyRefused, FieldError

Word = TypeVar("Word", bound=StrEnum)


def words(text: str | None) -> list[str]:
    """The words of a list with commas."""
    return [] if text is None else [word.strip() for word in text.split(",")]


def words_of(name: str, text: str | None, kind: type[Word], also: frozenset[str] = frozenset()) -> list[Word | str]:
    """Each of these words once, and those of `also`; raises `BodyRefused` naming what is meant."""
    found, unknown = dict[Word | str, None](), list[str]()
    for word in words(text):
        if word.lower() in also:
            found[word.lower()] = None
            continue
        try:
            found[kind(word)] = None
        except ValueError:
            unknown.append(word)
    if unknown:
        allowed = ", ".join((*kind, *sorted(also)))
        raise BodyRefused([FieldError(name, "not_allowed", f"{', '.join(unknown)}: one of {allowed} is meant")])
    return list(found)
