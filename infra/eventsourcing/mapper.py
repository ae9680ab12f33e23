"""Daybook's events as the library's `StoredEvent`s and back, under their pinned names, with upcasting."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, Notification, StoredEvent

from domain.shared.event import BY_CLASS, Event, Recorded
from infra.serialization import mapper


@dataclass(frozen=True, eq=False)
class StoredFact(StoredEvent):
    """A stored event of Daybook's own: its metadata says in which schema its data is."""

    metadata: bytes = b"{}"


@dataclass(frozen=True, eq=False)
class NotifiedFact(Notification):
    """A notification of one of Daybook's own events."""

    metadata: bytes = b"{}"


class Fact(msgspec.Struct, frozen=True):
    """One of Daybook's events as the library's domain event: with the stream and version it belongs to."""

    originator_id: UUID
    originator_version: int
    event: Event


class EventMapper(Mapper[UUID]):
    """Frozen structs instead of import paths and pickled attributes; usable as MAPPER_TOPIC. Raises `Unwritable`, `UnknownEventType`."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """The stored event of a `Fact` or of a `Recorded` event."""
        fact = domain_event
        if isinstance(domain_event, Recorded):
            fact = Fact(domain_event.stream_id, domain_event.version, domain_event.event)
        topic, state = mapper.encode(fact.event)
        schema = BY_CLASS[type(fact.event)].schema
        return StoredFact(fact.originator_id, fact.originator_version, topic, state, b'{"schema":%d}' % schema)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The `Fact` in today's shape."""
        metadata = stored_event.metadata if isinstance(stored_event, StoredFact | NotifiedFact) else b"{}"
        event = mapper.decode(stored_event.topic, stored_event.state, metadata)
        originator_id = stored_event.originator_id
        return Fact(originator_id if isinstance(originator_id, UUID) else UUID(originator_id), stored_event.originator_version, event)


def metadata_of(stored: StoredEvent, token: UUID) -> bytes:
    """What is recorded beside a stored event: the token of the call that writes it, and the schema of Daybook's own."""
    own = {"schema": msgspec.json.decode(stored.metadata)["schema"]} if isinstance(stored, StoredFact) else {}
    return msgspec.json.encode({"recorder": token, **own})
