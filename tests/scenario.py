"""Given / when / then, at two heights: one aggregate's decision, and whole commands through dispatch on the log in memory.

`given(task).when(lambda task: task.complete(…)).then(TaskCompleted(…))`, or `.nothing()`, or `.refused(StaleToken)`.
`World` has a clock that stands still until a test moves it; `folded(model, recorded)` is what a read model comes to.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import anyio
import anyio.lowlevel
import pytest

from application.shared.command import Command
from application.shared.context import SYSTEM, Caller, Context
from application.shared.deadline import DEADLINES, Deadline
from application.shared.dispatch import Dispatch
from application.shared.work import UnitOfWork
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event, Recorded
from domain.shared.refused import Refused
from infra.memory.log import MemoryLog
from projections.shared.read_model import ReadModel

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = TypeVar("A", bound=Aggregate)


class Then(Generic[A]):
    """What a decision came to."""

    def __init__(self, given: A, outcome: list[Event] | Refused) -> None:
        self.given = given
        self.outcome = outcome

    def then(self, *events: Event) -> A:
        """Exactly these events; the state after them."""
        assert self.outcome == list(events)
        return self.given.after(*events)

    def then_a(self, kind: type[Event], **fields: Any) -> A:
        """One event of this kind with these fields; the state after it."""
        assert isinstance(self.outcome, list), f"refused: {self.outcome}"
        (event,) = self.outcome
        assert type(event) is kind
        assert {name: getattr(event, name) for name in fields} == fields
        return self.given.after(event)

    def nothing(self) -> None:
        """Allowed, and nothing new happened."""
        assert self.outcome == []

    def refused(self, kind: type[Refused], **facts: Any) -> Refused:
        """Refused for this reason, with these facts."""
        assert isinstance(self.outcome, kind), f"not refused as {kind.__name__}: {self.outcome!r}"
        assert {name: self.outcome.facts.get(name) for name in facts} == facts
        return self.outcome

    def invalid(self, pointer: str, code: str) -> None:
        """Refused because exactly this field does not fit."""
        assert isinstance(self.outcome, Refused), f"not refused: {self.outcome}"
        assert [(error["pointer"], error["code"]) for error in self.outcome.facts["errors"]] == [(pointer, code)]


class Given(Generic[A]):
    """An aggregate about to decide."""

    def __init__(self, state: A) -> None:
        self.state = state

    def when(self, decide: Callable[[A], list[Event]]) -> Then[A]:
        """Decide, once."""
        try:
            return Then(self.state, decide(self.state))
        except Refused as refused:
            return Then(self.state, refused)


def given(state: A) -> Given[A]:
    """An aggregate with its past."""
    return Given(state)


class NamesOnly:
    """The part of the `Sealing` port that commands without secrets use."""

    @staticmethod
    def hmac(kind: str, name: str) -> bytes:
        return hashlib.sha256(f"{kind}\0{name}".encode()).digest()


class World:
    """A log in memory, a clock that stands still, and dispatch over both. With `interleaved`, commands run into each other."""

    def __init__(self, *, interleaved: bool = False) -> None:
        self.now = NOON
        self.log = MemoryLog(lambda: self.now, anyio.lowlevel.checkpoint if interleaved else None)
        self._ids = 0
        self.dispatch = Dispatch(log=self.log, sealing=NamesOnly(), passwords=None, new_id=self.new_id, pause=self._pause)  # type: ignore[arg-type]  # a part of the port is enough here

    @property
    def recorded(self) -> list[Recorded[Any]]:
        """Every event, in order."""
        return self.log.recorded

    def new_id(self) -> UUID:
        """The next of a row of ids."""
        self._ids += 1
        return UUID(int=(7 << 76) | self._ids)

    def later(self, **by: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**by)
        return self.now

    async def do(self, command: Command, caller: Caller) -> Any:
        """Carry a command out; what its handler returned."""
        return (await self.dispatch(command, Context(caller, self.new_id()))).result

    async def refuses(self, kind: type[Refused], command: Command, caller: Caller) -> Refused:
        """The command is refused for this reason and nothing was written."""
        before = len(self.recorded)
        with pytest.raises(Refused) as caught:
            await self.do(command, caller)
        assert isinstance(caught.value, kind), f"not refused as {kind.__name__}: {caught.value!r}"
        assert len(self.recorded) == before
        return caught.value

    async def happened(self, stream_id: UUID, *events: Event) -> None:
        """Write events of another context as they are."""
        work = UnitOfWork(self.log, NamesOnly())  # type: ignore[arg-type]  # a part of the port is enough here
        work.stage(await work.load(Bare, stream_id), *events)
        await self.log.append(work.entry(Context(SYSTEM, self.new_id()), self.now))

    def events(self, stream_id: UUID) -> list[Event]:
        """The events of one stream."""
        return [recorded.event for recorded in self.recorded if recorded.stream_id == stream_id]

    def due(self) -> list[Command]:
        """What the clock would dispatch at this moment: the command of every deadline that has come."""
        rows: dict[tuple[str, UUID], Deadline] = {}
        for recorded in self.recorded:
            for kind in DEADLINES.values():
                if isinstance(recorded.event, kind.listens):
                    slot = (kind.name, recorded.stream_id)
                    row = kind.fold(recorded.stream_id, rows.pop(slot, None), recorded)
                    if row is not None:
                        rows[slot] = row
        return [row.command for row in rows.values() if row.due_at <= self.now]

    async def tick(self) -> None:
        """The clock does what is due."""
        for command in self.due():
            await self.do(command, SYSTEM)

    @staticmethod
    async def _pause(_: int) -> None:
        await anyio.lowlevel.checkpoint()


class Bare(Aggregate, frozen=True):
    """A stream of which only the version matters."""

    def evolve(self, _: Event) -> "Bare":
        return self


def folded(model: ReadModel[Any], recorded: Iterable[Recorded[Any]]) -> dict[Any, Any]:
    """Key → row after all these events."""
    rows: dict[Any, Any] = {}
    for one in recorded:
        if isinstance(one.event, model.listens):
            for key in model.keys(one):
                row = model.fold(key, rows.pop(key, None), one)
                if row is not None:
                    rows[key] = row
                    assert model.key_of(row) == key
    return rows


async def together(*wishes: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Run several at once; each one's result or refusal, in order."""
    outcomes: list[Any] = [None] * len(wishes)

    async def run(nth: int, wish: Callable[[], Awaitable[Any]]) -> None:
        try:
            outcomes[nth] = await wish()
        except Refused as refused:
            outcomes[nth] = refused

    async with anyio.create_task_group() as group:
        for nth, wish in enumerate(wishes):
            group.start_soon(run, nth, wish)
    return outcomes
