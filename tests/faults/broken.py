"""Builds of Daybook that are broken on purpose, as mains of processes: each patches one thing, then runs the real process.

Some are faults a correct build survives (messages three times and shuffled, dying at the worst moment), the others are
sabotages: there the checker has to turn red.
"""

import asyncio
import os
import random
import signal
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from domain.shared.event import Recorded
from domain.tasks.task import Task
from infra.broker import redis_streams
from infra.broker.chunk import Chunk
from infra.postgres import database_clock, tables
from infra.postgres.log import PostgresLog
from infra.processes import clock as clock_process
from infra.processes import consumers as consumers_process
from infra.processes import relay as relay_process
from infra.processes import serve as serve_process
from infra.projection import builds, projector, reacting, stores
from infra.redis import caches, row_cache
from infra.security import idempotency
from infra.settings import Settings
from tests.faults import toys


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# Faults.


def shuffling_relay(settings: Settings, port: int) -> None:
    """Every chunk three times, in no order, some long after the others."""
    dice = random.Random(3)  # noqa: S311 — dice, no secret.
    held: list[Chunk] = []

    class Shuffling(redis_streams.ChunkPublisher):
        async def publish(self, message: Chunk) -> bool:
            held.extend([message] * 3)
            dice.shuffle(held)
            while len(held) > dice.randint(0, 12):
                await super().publish(held.pop())
            return True

    relay_process.ChunkPublisher = Shuffling  # type: ignore[misc]
    relay_process.main(settings, port)


def _dies_at(nth: int, *, written: bool) -> None:
    """Death in the middle of a batch: just before its statement, or after it when nobody here has heard of its success."""
    real = stores.TableStore.apply
    count = 0

    async def apply(self: Any, folded: Any, *rest: Any) -> bool:
        nonlocal count
        count += bool(folded.after)
        if count == nth and not written:
            die()
        done = await real(self, folded, *rest)
        if count == nth:
            die()
        return done

    stores.TableStore.apply = apply  # type: ignore[method-assign]


def consumers_dying_before_the_write(settings: Settings, port: int) -> None:
    _dies_at(6, written=False)
    consumers_process.main(settings, port)


def consumers_dying_after_the_write(settings: Settings, port: int) -> None:
    _dies_at(6, written=True)
    consumers_process.main(settings, port)


def consumers_dying_in_redis(settings: Settings, port: int) -> None:
    real = row_cache.RowCache.apply
    count = 0

    async def apply(self: Any, *rest: Any, **more: Any) -> str:
        nonlocal count
        count += 1
        outcome = await real(self, *rest, **more)
        if count == 12:
            die()
        return outcome

    row_cache.RowCache.apply = apply  # type: ignore[method-assign]
    consumers_process.main(settings, port)


def consumers_dying_after_a_reaction(settings: Settings, port: int) -> None:
    """The commands are in the log, the reaction's position was not moved."""
    _reactions(lambda reacted: die() if reacted == 3 else None)
    consumers_process.main(settings, port)


def _reactions(after: Any) -> None:
    real = reacting.Reactor._react
    count = 0

    async def react(self: Any, recorded: Recorded[Any]) -> None:
        nonlocal count
        await real(self, recorded)
        count += 1
        after(count)

    reacting.Reactor._react = react  # type: ignore[method-assign]


def consumers_with_another_reaction(settings: Settings, port: int) -> None:
    toys.register_another()
    consumers_process.main(settings, port)


# Sabotages.


def consumers_that_forget(settings: Settings, port: int) -> None:
    """One event in twenty is not folded."""
    _touching(lambda events: [one for one in events if one.position % 20])
    consumers_process.main(settings, port)


def consumers_that_repeat(settings: Settings, port: int) -> None:
    """One event in twenty is folded twice."""
    _touching(lambda events: [one for one in events for _ in range(1 if one.position % 20 else 2)])
    consumers_process.main(settings, port)


def consumers_that_swap(settings: Settings, port: int) -> None:
    """Each batch is folded from its end."""
    _touching(lambda events: list(reversed(events)))
    consumers_process.main(settings, port)


def _touching(change: Any) -> None:
    real = projector.touched

    def touched(model: Any, events: Sequence[Recorded[Any]]) -> Any:
        return real(model, change(events))

    projector.touched = touched


def consumers_that_promise_too_early(settings: Settings, port: int) -> None:
    """The position is moved before the rows are written, and death comes between the two."""
    real = stores.TableStore.apply
    count = 0

    async def apply(self: Any, folded: Any, *rest: Any) -> bool:
        nonlocal count
        count += bool(folded.after)
        if count == 6:
            await real(self, type(folded)(), *rest)
            die()
        return await real(self, folded, *rest)

    stores.TableStore.apply = apply  # type: ignore[method-assign]
    consumers_process.main(settings, port)


def consumers_without_derived_ids(settings: Settings, port: int) -> None:
    """A reaction's command has a new id each time; death comes before the position is moved."""
    reacting.derived_id = lambda *_: relay_process.new_id()
    consumers_dying_after_a_reaction(settings, port)


def consumers_that_move_before_they_react(settings: Settings, port: int) -> None:
    """A reaction's position is moved first, and death comes before the command."""
    real = builds.Builds.move

    async def react(self: Any, recorded: Recorded[Any]) -> None:
        for build in await self._builds.of(self.name, "live"):
            if await real(self._builds, build, build.checkpoint.after(recorded)):
                die()

    reacting.Reactor._react = react  # type: ignore[method-assign]
    consumers_process.main(settings, port)


def serve_that_does_not_wait(settings: Settings, port: int) -> None:
    """Reads show what is there, however old."""
    tables.PATIENCE = caches.PATIENCE = 0  # type: ignore[misc]
    real = tables.PostgresTables._read

    async def read(self: Any, model: Any, query: str, arguments: Any, fresh: Any) -> Any:
        return await real(self, model, query, arguments, structs.replace(fresh, allow_stale=True))

    tables.PostgresTables._read = read  # type: ignore[method-assign]
    serve_process.main(settings, port)


def serve_dying_before_the_answer(settings: Settings, port: int) -> None:
    """A fault: what is called fatal is committed, and nobody is told."""
    real = PostgresLog.append

    async def append(self: Any, entry: Any) -> Any:
        written = await real(self, entry)
        if any(getattr(staged.event, "title", "") == "fatal" for staged in entry.events):
            die()
        return written

    PostgresLog.append = append  # type: ignore[method-assign]
    serve_process.main(settings, port)


def greedy_clock(settings: Settings, port: int) -> None:
    """A fault: it always leads, and dispatches what is due again at every look, as often as it can."""
    _greedy("where due_at <= clock_timestamp()")
    clock_process.main(settings, port)


def _greedy(which: str) -> None:
    async def lead(*_: Any) -> bool:
        return True

    async def sweep(self: Any, connection: Any, model: Any) -> int:
        query = f"select id, due_at, command, arguments, version from {model.table} {which}"
        rows = await (await connection.execute(query, binary=True)).fetchall()
        await asyncio.gather(*(self._fire(model, clock_process.DeadlineRow(*row)) for row in rows))
        return len(rows)

    clock_process.lead = lead
    clock_process.Clock._sweep = sweep  # type: ignore[method-assign]


def clock_without_manners(settings: Settings, port: int) -> None:
    """A sabotage: it does not look what time it is, has a new id each time, and no task looks at its lease."""
    _greedy("")
    Task.expire = lambda self, _, now: [self._failed("lock_expired", None, now)]  # type: ignore[method-assign]
    clock_process.DerivedKey = lambda _: idempotency.DerivedKey(relay_process.new_id())  # type: ignore[misc]
    clock_process.main(settings, port)


class _HourAhead(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(hours=1)


def an_hour_ahead(name: str, settings: Settings, port: int) -> None:
    database_clock.datetime = _HourAhead  # type: ignore[misc]
    {"clock": clock_process, "serve": serve_process}[name].main(settings, port)


def clock_an_hour_ahead(settings: Settings, port: int) -> None:
    an_hour_ahead("clock", settings, port)


def serve_an_hour_ahead(settings: Settings, port: int) -> None:
    an_hour_ahead("serve", settings, port)
