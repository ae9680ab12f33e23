"""Wishes and those who grant them: a command is data, a handler is load, decide, append."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from application.shared.ports import Ports


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A wish in the imperative; refused or turned into events by its one handler."""


C = TypeVar("C", bound=Command)
Handler = Callable[[Any, Ports], Awaitable[Any]]
HANDLERS: Final[dict[type[Command], Handler]] = {}
BY_NAME: Final[dict[str, type[Command]]] = {}


def handles(kind: type[C]) -> Callable[[Callable[[C, Ports], Awaitable[Any]]], Callable[[C, Ports], Awaitable[Any]]]:
    """Register the one handler of a command. Handlers may run again after a conflict, so they keep nothing between runs."""

    def register(handler: Callable[[C, Ports], Awaitable[Any]]) -> Callable[[C, Ports], Awaitable[Any]]:
        if kind in HANDLERS or kind.__name__ in BY_NAME:
            raise TypeError(f"{kind.__name__} has a handler already")
        HANDLERS[kind] = handler
        BY_NAME[kind.__name__] = kind
        return handler

    return register
