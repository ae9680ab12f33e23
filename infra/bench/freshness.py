"""P5: how soon what was acknowledged can be read, at half of the rate of P3.

A poller in a process of its own looks at the position of `task_board` in PostgreSQL every millisecond: rows and position are written
in one transaction, so a task can be read as soon as the position has passed its event. An answer to a command names its event's
position. From an answer's arrival to the first look that saw its position (0 where a look before saw it) is the freshness, at most a
look too long. Both processes read the same monotonic clock.
"""

import bisect
import time
from typing import Final

import psycopg

from infra.bench.row import Row
from infra.bench.stage import Stage
from infra.postgres.connections import SESSION
from infra.settings import Settings
from projections.tasks.task_board import TASK_BOARD

LOOK: Final = 0.001
LIMITS: Final = ((0.50, 15.0, "P5", "p50"), (0.99, 75.0, "P5-p99", "p99"))


def watch(settings: Settings, seconds: float) -> list[tuple[float, int]]:
    """The moments at which the read model was seen at a new position."""
    seen: list[tuple[float, int]] = []
    query = "select position from read_models where model = %b and state = 'live'"
    with psycopg.connect(settings.database_url, autocommit=True, options=SESSION) as connection:
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            row = connection.execute(query, (TASK_BOARD.table,), prepare=True).fetchone()
            if row is not None and (not seen or row[0] > seen[-1][1]):
                seen.append((time.monotonic(), row[0]))
            time.sleep(max(0.0, LOOK - (time.monotonic() - now)))
    return seen


def delays(answers: list[tuple[float, int]], seen: list[tuple[float, int]]) -> list[float]:
    """Milliseconds from each answer to the first look that saw its position; one that was never seen waits until the last look."""
    positions = [position for _, position in seen]
    last = seen[-1][0] if seen else 0.0
    found = []
    for at, position in answers:
        nth = bisect.bisect_left(positions, position)
        moment = seen[nth][0] if nth < len(seen) else max(last, at)
        found.append(max(0.0, moment - at) * 1000)
    return sorted(found)


def p5(stage: Stage, rate: float | None = None) -> list[Row]:
    """`rate`: of P3 where it was measured already, else it is measured now."""
    stage.place.say("P5: from the answer to the read model, at half of P3's rate")
    half = (rate or stage.load(stage.api, stage.creating).rate) / 2
    seconds = stage.place.seconds(8)
    with stage.place.beside(watch, stage.settings, seconds=seconds + stage.place.seconds(5)) as watching:
        told = stage.load(stage.api, stage.creating, rate=half, noting=True)
        seen = [(float(at), int(position)) for at, position in watching()]
    found = delays(told.noted, seen)
    return [
        Row(
            id=name,
            what=f"from the answer to the read model in PostgreSQL, {word}",
            against="the limit itself",
            unit="ms",
            ours=found[min(len(found) - 1, int(len(found) * part))],
            rival=limit,
            reach=1,
            lower_is_better=True,
            note=f"at {half:,.0f} commands/s",
        )
        for part, limit, name, word in LIMITS
    ]
