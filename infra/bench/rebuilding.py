"""P7: a read model made anew from a million events, beside plain COPY of the same events out of the log."""

import asyncio
import gc
import resource
import time
from typing import Any, Final

import psycopg

from infra.bench.filling import fill_log
from infra.bench.place import Place
from infra.bench.row import Row, in_turn
from infra.postgres.connections import SESSION
from infra.settings import Settings

EVENTS: Final = 1_000_000
COPY: Final = "copy (select position, stream_id, version, type, data, metadata, actor_id, recorded_at from events) to stdout"


def remake(settings: Settings) -> dict[str, Any]:
    """Rebuild `task_board` in this one process, as the command does: seconds until queries see it, and the peak of its memory in MB."""
    from infra.projection.rebuild import rebuild
    from projections.tasks.task_board import TASK_BOARD

    gc.disable()
    began = time.perf_counter()
    done = asyncio.run(rebuild(settings, TASK_BOARD))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - began, "events": done.events, "peak": peak}


def copy_out(settings: Settings) -> float:
    """Seconds of a COPY of all events."""
    with psycopg.connect(settings.database_url, autocommit=True, options=SESSION) as connection:
        began = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            while copy.read():
                pass
        return time.perf_counter() - began


def p7(place: Place) -> list[Row]:
    """Each side in a process of its own."""
    settings = place.settings()
    events = int(EVENTS * min(1.0, place.quick))
    place.say(f"P7: writing {events:,} events")
    with place.owner(settings) as connection:
        fill_log(connection, events)
    place.say("P7: rebuild and COPY in turn")
    peaks: list[float] = []

    def ours() -> float:
        told = place.run(remake, settings)
        peaks.append(told["peak"])
        return float(told["events"] / told["seconds"])

    figures = in_turn(3, ours, lambda: events / float(place.run(copy_out, settings)))
    return [
        Row.of(
            *figures,
            id="P7",
            what=f"rebuild of {events:,} events, one process",
            against="COPY of the same events out of the log",
            unit="events/s",
            reach=0.15,
            note=f"peak memory {max(peaks):.0f} MB (limit 512)",
        )
    ]
