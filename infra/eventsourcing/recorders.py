"""The library's recorders on Daybook's log: aggregate, application, tracking and process recorder."""

import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    Notification,
    OperationalError,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)

from infra.eventsourcing.datastore import Datastore
from infra.eventsourcing.mapper import NotifiedFact, StoredFact, metadata_of
from infra.eventsourcing.subscription import LogSubscription
from infra.postgres.arrays import Bytes, Ints, Texts, Uuids

RECORD: Final = "select * from record(%b, %b, %b, %b, %b, %b, %b)"
FOREIGN: Final = b'{"recorder":'
"""How the metadata of events begins that this adapter wrote; 0016_record.sql and the view `event_log` know it too."""
PATIENCE: Final = 5.0
"""Seconds during which a write whose answer was lost is sent again."""


class LogAggregateRecorder(AggregateRecorder):
    """Streams of the log. Stream ids are UUIDs; a version may be any number that was not there."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Write events, all or none; raises IntegrityError where a version is there already."""
        self._record(stored_events, kwargs.get("tracking"))
        return None

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Events of one stream by version."""
        statement = f"""select stream_id, version, type, data, metadata from events
            where stream_id = %b and version > coalesce(%b::int, -1) and version <= coalesce(%b::int, 2147483647)
            order by version {"desc" if desc else "asc"} limit %b::int"""
        return [_stored(*row) for row in self._datastore.query(statement, (_uuid(originator_id), gt, lte, limit))]

    def _record(self, stored_events: Sequence[StoredEvent], tracking: Tracking | None = None) -> list[int]:
        """Write in one call. An answer that was lost is asked for again with the same token, so nothing is written twice."""
        if not stored_events and tracking is None:
            return []
        token = uuid4()
        arguments = (
            Uuids(_uuid(stored.originator_id) for stored in stored_events),
            Ints(stored.originator_version for stored in stored_events),
            Texts(stored.topic for stored in stored_events),
            Bytes(stored.state for stored in stored_events),
            Bytes(metadata_of(stored, token) for stored in stored_events),
            None if tracking is None else tracking.application_name,
            None if tracking is None else tracking.notification_id,
        )
        give_up_at = time.monotonic() + PATIENCE
        while True:
            try:
                return [row[0] for row in self._datastore.query(RECORD, arguments)]
            except OperationalError as error:
                # Nothing but events bears the token: whether a lone tracking record was written cannot be told.
                if not stored_events or not _is_lost(error) or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.05)


class LogApplicationRecorder(LogAggregateRecorder, ApplicationRecorder):
    """The whole log by position. Notification ids are positions: gapless, and visible in their order."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Write events, all or none; their positions."""
        return self._record(stored_events, kwargs.get("tracking"))

    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None, topics: Sequence[str] = (), *, inclusive_of_start: bool = True
    ) -> Sequence[Notification]:
        """Events by position."""
        first = 0 if start is None else start + (not inclusive_of_start)
        rows = self._datastore.query(
            """select stream_id, version, type, data, position, metadata from events
               where position >= %b::bigint and position <= coalesce(%b::bigint, 9223372036854775807)
                 and (cardinality(%b) = 0 or type = any(%b)) order by position limit %b::int""",
            (first, stop, Texts(topics), Texts(topics), limit),
        )
        return [_notified(row) for row in rows]

    def max_notification_id(self) -> int | None:
        """The newest position."""
        rows = self._datastore.query("select position from events order by position desc limit 1")
        return rows[0][0] if rows else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Events after a position, and those that come."""
        return LogSubscription(self, self._datastore, gt, topics)


class LogTrackingRecorder(TrackingRecorder):
    """How far other applications' notifications were processed; only ever forwards."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move forward; raises IntegrityError where this notification or a later one was processed."""
        LogAggregateRecorder(self._datastore)._record([], tracking)  # noqa: SLF001 — of the same file.

    def max_tracking_id(self, application_name: str) -> int | None:
        """The newest notification that was processed."""
        rows = self._datastore.query("select notification_id from recorder_tracking where application = %b", (application_name,))
        return rows[0][0] if rows else None


class LogProcessRecorder(LogTrackingRecorder, LogApplicationRecorder, ProcessRecorder):
    """Events and how far one has come, in one transaction."""


class SnapshotRecorder(AggregateRecorder):
    """Snapshots of library aggregates; they are not history and stand beside the log."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ARG002 — the library's signature.
        """Keep snapshots; raises IntegrityError where one of this version was kept."""
        self._datastore.query(
            """insert into recorder_snapshots (stream_id, version, topic, state)
               select s.stream_id, s.version, s.topic, s.state from unnest(%b, %b, %b, %b) as s(stream_id, version, topic, state)
               returning version""",
            (
                Uuids(_uuid(stored.originator_id) for stored in stored_events),
                Ints(stored.originator_version for stored in stored_events),
                Texts(stored.topic for stored in stored_events),
                Bytes(stored.state for stored in stored_events),
            ),
        )
        return None

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Snapshots of one stream by version."""
        statement = f"""select stream_id, version, topic, state from recorder_snapshots
            where stream_id = %b and version > coalesce(%b::int, -1) and version <= coalesce(%b::int, 2147483647)
            order by version {"desc" if desc else "asc"} limit %b::int"""
        return [StoredEvent(*row) for row in self._datastore.query(statement, (_uuid(originator_id), gt, lte, limit))]


def _uuid(originator_id: UUID | str) -> UUID:
    if isinstance(originator_id, UUID):
        return originator_id
    try:
        return UUID(originator_id)
    except ValueError as error:
        raise ProgrammingError("streams of this log have UUIDs") from error


def _stored(stream_id: UUID, version: int, topic: str, state: bytes, metadata: bytes) -> StoredEvent:
    if _is_foreign(metadata):
        return StoredEvent(stream_id, version, topic, state)
    return StoredFact(stream_id, version, topic, state, metadata)


def _notified(row: tuple[Any, ...]) -> Notification:
    where = dict(zip(("originator_id", "originator_version", "topic", "state", "id"), row, strict=False))
    metadata: bytes = row[5]
    return Notification(**where) if _is_foreign(metadata) else NotifiedFact(**where, metadata=metadata)


def _is_foreign(metadata: bytes) -> bool:
    return metadata.startswith(FOREIGN) and b'"schema"' not in metadata


def _is_lost(error: OperationalError) -> bool:
    """Whether the connection was lost, rather than the lock not had in time."""
    return getattr(error.__cause__, "sqlstate", None) is None or str(getattr(error.__cause__, "sqlstate", "")).startswith(("08", "57P"))
