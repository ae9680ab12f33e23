"""The smallest context there is: a counter that is added to. Enough to ask everything of a log."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID, uuid4

import msgspec

from application.shared.context import SYSTEM, Caller, Context
from application.shared.ports import Claim, Entry, Log, Lost, Secret, Staged, Written
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event, recorded_as
from domain.shared.refused import Conflict


@recorded_as("log_toy.added")
class Added(Event):
    """Something was added."""

    amount: int = 1
    note: str = ""


class Counter(Aggregate, frozen=True):
    """What was added, in all."""

    total: int = 0

    def evolve(self, event: Event) -> Self:
        return self.but(total=self.total + event.amount) if isinstance(event, Added) else self


class NameTaken(Conflict):
    """Somebody else has this name."""


class MailTaken(Conflict):
    """Somebody else has this e-mail address."""


class ToyKey(msgspec.Struct, frozen=True):
    """An idempotency key that seals by turning around."""

    id: bytes
    fingerprint: bytes = b"asked once"
    lasting: bool = False

    def seal(self, body: bytes) -> bytes:
        return body[::-1]

    def open(self, sealed: bytes) -> bytes:
        return sealed[::-1]


def new_key(*, lasting: bool = False) -> ToyKey:
    return ToyKey(uuid4().bytes, lasting=lasting)


def added(stream: UUID, version: int, amount: int = 1, note: str = "") -> Staged:
    return Staged(stream, version, Added(amount=amount, note=note))


def entry(
    log: Log | datetime,
    *events: Staged,
    key: ToyKey | None = None,
    claims: tuple[Claim, ...] = (),
    secrets: tuple[Secret, ...] = (),
    answer: bytes | None = None,
    status: int = 0,
    actor: UUID | None = None,
    late: float = 0,
) -> Entry:
    """What a command would write, decided `late` seconds ago by the log's clock."""
    caller = SYSTEM if actor is None else Caller(actor, "user")
    decided_at = log if isinstance(log, datetime) else log.now()
    return Entry(
        context=Context(caller, uuid4(), key=key),
        decided_at=decided_at - timedelta(seconds=late),
        events=events,
        claims=claims,
        secrets=secrets,
        answer=answer,
        status=status,
    )


def name(text: str, owner: UUID | None, taken: type[Conflict] = NameTaken) -> Claim:
    return Claim("toy", text.encode(), owner, taken)


async def outcome(log: Log, wanted: Entry) -> str | Written:
    """What became of an entry, refusals by their class name."""
    try:
        written = await log.append(wanted)
    except Lost:
        return "lost"
    except Conflict as refused:
        return type(refused).__name__
    return "duplicate" if written.duplicate else "ok"


async def sent_until_known(log: Log, wanted: Entry) -> Written:
    """Append as dispatch does for a command with a key: asked again until it is written or known."""
    for _ in range(20):
        try:
            return await log.append(wanted)
        except Lost:
            continue
    raise AssertionError("lost twenty times")


async def total(log: Log, stream: UUID) -> tuple[int, int]:
    """Total and version of a counter."""
    state, _ = await log.load(Counter, stream)
    return state.total, state.version
