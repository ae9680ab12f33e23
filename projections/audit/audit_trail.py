"""The read model `audit_trail`, for auditors: who did what, to whom, and whether it worked.

One row per event of identity and audit, and for each task that somebody else than its owner deleted.
"""

from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from domain.audit import events as audit
from domain.identity import events as identity
from domain.shared.event import BY_CLASS, Event, Recorded
from domain.tasks.events import TaskDeleted
from projections.shared.facts import facts
from projections.shared.read_model import ReadModel, Row, read_model
from projections.shared.reading import Freshness, SeenMany, Tables
from projections.shared.where import where

SUCCESS, FAILURE = "success", "failure"
FAILURES: Final = (
    audit.SignInFailed,
    audit.PermissionRefused,
    audit.SummedUp,
    identity.RefreshReuseDetected,
    identity.CodeReuseDetected,
    identity.ChallengeFailed,
)
BY_THE_PERSON: Final = (identity.SessionOpened, identity.SessionRefreshed, identity.Reauthenticated)
"""Done by whom it is about, who was nobody yet when they asked."""

SUBJECT: Final = ("object_id", "user_id", "account_id", "owner_id")
"""Fields that say whom or what an event concerns, the first that is there; else it is its stream."""


class Entry(Row, frozen=True, gc=False):
    """One fact. `action` is the type of its event, `subject` whom or what it concerns, `outcome` is `success` or `failure`."""

    position: int
    at: datetime
    actor: UUID | None
    action: str
    subject: UUID | None
    outcome: str
    details: msgspec.Raw
    """The event's fields (JSON); personal ones only as `sealed`."""


def _events_of(*contexts: Any) -> tuple[type[Event], ...]:
    found = (thing for context in contexts for thing in vars(context).values())
    return tuple(thing for thing in found if isinstance(thing, type) and issubclass(thing, Event) and thing is not Event)


def keys(recorded: Recorded[Any]) -> tuple[int, ...]:
    """Its place in the log; none for what somebody deletes of their own."""
    if isinstance(recorded.event, TaskDeleted) and recorded.event.owner_id in {None, recorded.actor_id}:
        return ()
    return (recorded.position,)


def fold(key: int, row: Entry | None, recorded: Recorded[Any]) -> Entry | None:  # noqa: ARG001 — the signature of folds; a row is made once.
    """The row of this fact; nothing else ever touches it."""
    event = recorded.event
    subject = next((value for name in SUBJECT if (value := getattr(event, name, None))), None)
    is_incident = isinstance(event, (audit.SignInFailed, audit.PermissionRefused, audit.SummedUp))
    return Entry(
        position=key,
        at=recorded.recorded_at,
        actor=_actor(recorded),
        action=BY_CLASS[type(event)].name,
        subject=subject if subject or is_incident else recorded.stream_id,
        outcome=FAILURE if isinstance(event, FAILURES) else SUCCESS,
        details=msgspec.Raw(msgspec.json.encode(facts(event))),
    )


def _actor(recorded: Recorded[Any]) -> UUID | None:
    event = recorded.event
    found: UUID | None = recorded.actor_id or getattr(event, "caller_id", None)
    if isinstance(event, identity.ApiKeyUsed):
        return event.owner_id
    return found or (event.user_id if isinstance(event, BY_THE_PERSON) else None)


AUDIT_TRAIL: Final = read_model(
    ReadModel(
        name="audit_trail",
        version=2,
        store="postgres",
        row=Entry,
        key=("position",),
        listens=(*_events_of(identity, audit), TaskDeleted),
        keys=keys,
        fold=fold,
        appends=True,
        indexes=("actor, position", "subject, position", "action, position", "outcome, position", "at, position"),
    )
)


async def trail(tables: Tables, sought: dict[LiteralString, Any], before: int | None, limit: int, fresh: Freshness) -> SeenMany[Entry]:
    """Facts that meet all conditions (`actor = %b` → value), newest first, older than a position."""
    asked = [*((condition, (value,)) for condition, value in sought.items()), ("position < %b", (before,))]
    conditions, arguments = where(*asked)
    return await tables.many(AUDIT_TRAIL, f"{conditions} order by position desc limit %b", (*arguments, limit), fresh)
