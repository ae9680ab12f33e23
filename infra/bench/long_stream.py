"""P8: loading an aggregate with very many events, beside one with few."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import uvloop
from uuid_utils.compat import uuid7

from application.shared.context import Caller, Context
from application.shared.ports import Entry, Staged
from domain.shared.event import Event
from domain.tasks.events import TaskCreated, TaskProgressed
from domain.tasks.task import Task
from infra.bench.place import Place
from infra.bench.row import Row, in_turn
from infra.postgres.log import PostgresLog
from infra.settings import Settings

LONG: Final = 10_000
SHORT: Final = 10
LOADS: Final = 500
AT_ONCE: Final = 500


def load(settings: Settings, stream_id: str) -> float:
    """Median of the milliseconds one load takes; the first one, which may take a snapshot, is not counted."""
    return uvloop.run(_load(PostgresLog(settings.database_url, readers=1), UUID(stream_id)))


async def _load(log: PostgresLog, stream_id: UUID) -> float:
    await log.start()
    await log.load(Task, stream_id)
    await asyncio.sleep(0.5)
    times = []
    for _ in range(LOADS):
        began = time.perf_counter()
        await log.load(Task, stream_id)
        times.append((time.perf_counter() - began) * 1000)
    await log.stop()
    return statistics.median(times)


def write(settings: Settings, stream_id: str, events: int) -> None:
    """Write one task with so many events through the store."""
    uvloop.run(_write(PostgresLog(settings.database_url, readers=1), UUID(stream_id), events))


async def _write(log: PostgresLog, stream_id: UUID, events: int) -> None:
    await log.start()
    caller = Caller(uuid7(), "user")
    first: Sequence[Event] = [TaskCreated(at=log.now(), owner_id=stream_id, title="A long story")]
    facts = [*first, *(TaskProgressed(at=log.now(), note=f"note {nth}") for nth in range(1, events))]
    for start in range(0, events, AT_ONCE):
        staged = [Staged(stream_id, start + nth, event) for nth, event in enumerate(facts[start : start + AT_ONCE], 1)]
        await log.append(Entry(context=Context(caller, uuid7()), decided_at=log.now(), events=staged))
    await log.stop()


def p8(place: Place) -> list[Row]:
    """Each side in a process of its own."""
    settings = place.settings()
    long, short = str(uuid7()), str(uuid7())
    place.say("P8: loads of a stream of 10,000 events and of one with 10 in turn")
    for stream_id, events in ((long, LONG), (short, SHORT)):
        place.run(write, settings, stream_id=stream_id, events=events)
    figures = in_turn(
        5, lambda: float(place.run(load, settings, stream_id=long)), lambda: float(place.run(load, settings, stream_id=short))
    )
    return [
        Row.of(
            *figures,
            id="P8",
            what=f"load an aggregate with {LONG:,} events",
            against=f"one with {SHORT} events",
            unit="ms",
            reach=3,
            lower_is_better=True,
        )
    ]
