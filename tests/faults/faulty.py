"""Faults that a correct build survives, as mains of processes: messages three times and shuffled, dying or sleeping at the worst moment,
a wrong clock. Each patches one thing, then runs the real process. (Builds that are wrong are in `broken.py`.)
"""

import asyncio
import os
import random
import signal
from datetime import datetime, timedelta
from typing import Any

from domain.jobs import job
from domain.shared.event import Recorded
from infra.broker import redis_streams
from infra.broker.chunk import Chunk
from infra.jobs import run, tasks_import
from infra.postgres import database_clock
from infra.postgres.log import PostgresLog
from infra.processes import clock as clock_process
from infra.processes import consumers as consumers_process
from infra.processes import jobs as jobs_process
from infra.processes import relay as relay_process
from infra.processes import serve as serve_process
from infra.projection import reacting, stores
from infra.redis import row_cache
from infra.settings import Settings
from infra.settings.shop import ShopSettings
from tests.faults import toys


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


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

    relay_process.ChunkPublisher = Shuffling
    relay_process.main(settings, port)


def _dies_at(nth: int, *, written: bool) -> None:
    """Death in the middle of a batch: just before its statement, or after it when nobody here has heard of its success."""
    real = stores.TableStore.apply
    count = 0

    async def apply(self: Any, folded: Any, *rest: Any) -> bool:
        nonlocal count
        count += bool(folded.after)
        is_it = count == nth and bool(folded.after)  # others count on while this one waits
        if is_it and not written:
            die()
        done = await real(self, folded, *rest)
        if is_it:
            die()
        return done

    stores.TableStore.apply = apply


def consumers_dying_before_the_write(settings: Settings, port: int) -> None:
    _dies_at(6, written=False)
    consumers_process.main(settings, port)


def consumers_dying_after_the_write(settings: Settings, port: int) -> None:
    _dies_at(6, written=True)
    consumers_process.main(settings, port)


def consumers_sleeping_before_a_write(settings: Settings, port: int) -> None:
    """Once they stop in the middle of a batch, with its statement still to be sent, until somebody lets them go on."""
    real = stores.TableStore.apply
    count = 0

    async def apply(self: Any, folded: Any, *rest: Any) -> bool:
        nonlocal count
        if folded.after and self._table.model.name == "chain_postgres":
            count += 1
            if count == 8:
                os.kill(os.getpid(), signal.SIGSTOP)
        return await real(self, folded, *rest)

    stores.TableStore.apply = apply
    consumers_process.main(settings, port)


def consumers_dying_in_redis(settings: Settings, port: int) -> None:
    real = row_cache.RowCache.apply
    count = 0

    async def apply(self: Any, *rest: Any, **more: Any) -> str:
        nonlocal count
        count += 1
        is_it = count == 12  # others count on while this one waits
        outcome = await real(self, *rest, **more)
        if is_it:
            die()
        return outcome

    row_cache.RowCache.apply = apply
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
        count += self.reaction.name == toys.REACTION  # Its effects are counted; those of others are as they are.
        after(count)

    reacting.Reactor._react = react


def consumers_with_another_reaction(settings: Settings, port: int) -> None:
    toys.register_another()
    consumers_process.main(settings, port)


def serve_dying_before_the_answer(settings: Settings, port: int) -> None:
    """A fault: what is called fatal is committed, and nobody is told."""
    real = PostgresLog.append

    async def append(self: Any, entry: Any) -> Any:
        written = await real(self, entry)
        if any(getattr(staged.event, "title", "") == "fatal" for staged in entry.events):
            die()
        return written

    PostgresLog.append = append
    serve_process.main(settings, port)


def greedy_clock(settings: Settings, port: int) -> None:
    """A fault: it always leads, and dispatches what is due again at every look, as often as it can."""
    greedy("where due_at <= clock_timestamp()")
    clock_process.main(settings, port)


def greedy(which: str) -> None:
    async def lead(*_: Any) -> bool:
        return True

    async def sweep(self: Any, connection: Any, model: Any) -> int:
        query = f"select id, due_at, command, arguments, version from {model.table} {which}"
        rows = await (await connection.execute(query, binary=True)).fetchall()
        await asyncio.gather(*(self._fire(model, clock_process.DeadlineRow(*row)) for row in rows))
        return len(rows)

    clock_process.lead = lead
    clock_process.Clock._sweep = sweep


class _HourAhead(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(hours=1)


def an_hour_ahead(name: str, settings: Settings, port: int) -> None:
    database_clock.datetime = _HourAhead
    {"clock": clock_process, "serve": serve_process}[name].main(settings, port)


def clock_an_hour_ahead(settings: Settings, port: int) -> None:
    an_hour_ahead("clock", settings, port)


def serve_an_hour_ahead(settings: Settings, port: int) -> None:
    an_hour_ahead("serve", settings, port)


def impatient_consumers(settings: Settings, port: int) -> None:
    """They wait two seconds for a call to the payment provider whose maker is gone."""
    ShopSettings.payment_patience = property(lambda _: timedelta(seconds=2))
    consumers_process.main(settings, port)


def jobs_with_a_short_lease(settings: Settings, port: int) -> None:
    """A worker that tells after each part how far it is, and is missed sooner."""
    job.LEASE = timedelta(seconds=3)
    run.EVERY, run.ALIVE = 0.0, 0.2
    jobs_process.main(settings, port)


def jobs_dying_before_a_checkpoint(settings: Settings, port: int) -> None:
    """Rows are written, and where the file was left is not: death comes between the two."""
    real, count = tasks_import.Import._say, 0

    async def say(self: Any) -> None:
        nonlocal count
        count += 1
        if count == 2:
            die()
        await real(self)

    tasks_import.Import._say = say
    jobs_with_a_short_lease(settings, port)
