"""Channels: what a client can follow, who may, and under which topic a connection hears of it."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import msgspec

from api.live.message import Frame
from api.shared.parts import Parts
from application.shared.context import Caller
from application.shared.permissions import Reach, must
from application.shared.task_sight import LoadsAny
from domain.shared.refused import Hidden, InsufficientRole, Invalid

Present = Callable[[Parts, UUID, int], Awaitable[Frame]]
"""How things stand for somebody, at least as new as a position; may fail, and is then not told."""
Sees = Callable[[Caller, UUID, LoadsAny], Awaitable[bool]]


class UnknownChannel(Invalid):
    """There is no channel of this name."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of channel. With `sees` it is about one object, `name:{id}`, of those that this lets through; with `everything` about all
    there is, for who may read all; else about the caller's own. With `present` its clients are also told how things stand: when they begin,
    and again after what they were told.
    """

    name: str
    meaning: str
    needs: str
    sees: Sees | None = None
    everything: bool = False
    present: Present | None = None

    @property
    def shown(self) -> str:
        """How a client names it."""
        return f"{self.name}:{{id}}" if self.sees is not None else self.name

    def topic(self, id: UUID | None) -> str:
        """Under which connections are found: of an object, or of somebody's own."""
        return self.name if self.everything else f"{self.name}:{id}"

    def topics(self, *ids: UUID | None) -> set[str]:
        """The topics of those that are there."""
        return {self.topic(one) for one in ids if one is not None}


KINDS: Final[dict[str, Kind]] = {}


def channel(kind: Kind) -> Kind:
    """Make a kind of channel known, where it is defined."""
    KINDS[kind.name] = kind
    return kind


class Subscription(msgspec.Struct, frozen=True):
    """A channel as one client follows it, for whom it is `topic`; told is what comes after `since`."""

    kind: Kind
    id: UUID | None
    topic: str
    since: int = 0

    @property
    def name(self) -> str:
        """As the client named it."""
        return f"{self.kind.name}:{self.id}" if self.kind.sees is not None else self.kind.name


def read(text: str, who: Caller) -> Subscription:
    """What a client named; raises `UnknownChannel`."""
    name, colon, told = text.partition(":")
    kind = KINDS.get(name)
    if kind is None or bool(colon) is not (kind.sees is not None):
        raise UnknownChannel(f"There is no channel {text[:80]!r}.")
    try:
        of = UUID(told) if colon else who.id
    except ValueError:
        raise UnknownChannel(f"There is no channel {text[:80]!r}.") from None
    return Subscription(kind, of, kind.topic(of))


async def must_hear(caller: Caller, wish: Subscription, load: LoadsAny) -> None:
    """Raises `InsufficientRole`, `InsufficientScope`, or `NotFound` for what the caller may not see."""
    kind = wish.kind
    reached = must(caller, kind.needs)
    if kind.everything and reached is not Reach.ALL:
        raise InsufficientRole(f"This needs the permission {kind.needs}.", permission=kind.needs)
    if kind.sees is not None and (wish.id is None or not await kind.sees(caller, wish.id, load)):
        raise Hidden


ALL: Final = channel(Kind("all", "Everything that happens to tasks, projects and teams; not to orders.", "tasks:list-all", everything=True))
