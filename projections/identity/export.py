"""All that the log says by and about one person, for themselves: their own personal fields in clear, those of others only as `sealed`."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

import msgspec

from domain.identity.events import IdentityLinked, IdentityUnlinked
from domain.shared.event import Event, Recorded
from projections.identity.person_keys import PersonKeys
from projections.shared.facts import facts, sealed_fields


class Trace(msgspec.Struct, frozen=True):
    """An event, and the name it was recorded under."""

    name: str
    recorded: Recorded[Any]


class Traces(Protocol):
    """The log, to be searched for a person."""

    def of(self, person_id: UUID, upto: int) -> AsyncIterator[Sequence[Trace]]:
        """What they did, what happened to their account, and whatever else names their id, up to a position, in parts of bounded size."""


class Told(msgspec.Struct, frozen=True):
    """One event. `by_you`: the person was its actor."""

    position: int
    at: datetime
    type: Annotated[str, msgspec.Meta(examples=["user.registered"])]
    stream_id: UUID
    by_you: bool
    data: Annotated[dict[str, Any], msgspec.Meta(examples=[{"email": "ada@example.org"}])]


class Linked(msgspec.Struct, frozen=True):
    """An outside provider through which the account can be entered."""

    provider: str
    issuer: str
    subject: str


class History:
    """Walks through the traces of one person, and remembers on the way which outside identities are linked at the end."""

    def __init__(self, traces: Traces, names: PersonKeys, person_id: UUID) -> None:
        self._traces = traces
        self._names = names
        self._person_id = person_id
        self._linked: dict[tuple[str, str], Linked] = {}

    async def events(self, upto: int) -> AsyncIterator[Sequence[Told]]:
        """Everything up to a position of the log, oldest first."""
        async for part in self._traces.of(self._person_id, upto):
            yield [await self._told(one) for one in part]

    async def linked(self) -> AsyncIterator[Sequence[Linked]]:
        """The identities that are linked after what was walked through."""
        yield list(self._linked.values())

    async def _told(self, trace: Trace) -> Told:
        recorded = trace.recorded
        event: Event = recorded.event
        shown = facts(event)
        for name in sealed_fields(type(event)) if self._is_own(event) else ():
            if sealed := getattr(event, name):
                (shown[name],) = await self._names.open(self._person_id, sealed)
        self._follow(event, shown)
        by_you = recorded.actor_id == self._person_id
        return Told(recorded.position, recorded.recorded_at, trace.name, recorded.stream_id, by_you, shown)

    def _is_own(self, event: Any) -> bool:
        """Whether its personal fields are this person's: sealed with their key."""
        return any(getattr(event, name, None) == self._person_id for name in ("user_id", "owner_id", "uploader_id"))

    def _follow(self, event: Any, shown: dict[str, Any]) -> None:
        match event:
            case IdentityLinked(user_id=self._person_id, provider=provider, issuer=issuer):
                self._linked[provider, issuer] = Linked(provider, issuer, shown["subject"])
            case IdentityUnlinked(user_id=self._person_id, provider=provider, issuer=issuer):
                self._linked.pop((provider, issuer), None)
