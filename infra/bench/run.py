"""One run of the bench: the wanted figures in an order that shares what is expensive to start."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any, Final

from infra.bench import appending, freshness, lists, long_stream, ordering, rebuilding, recorders, signing_in, starting, web
from infra.bench.machine import machine
from infra.bench.place import Place
from infra.bench.row import Row, Say
from infra.bench.stage import Stage

ALONE: Final[dict[str, Callable[[Place], list[Row]]]] = {
    "P1": appending.p1,
    "P1b": appending.p1b,
    "P2": recorders.p2,
    "P7": rebuilding.p7,
    "P8": long_stream.p8,
    "P9": appending.p9,
    "P10": starting.p10,
    "ORDERS": ordering.orders,
    "LOGIN": signing_in.login,
    "EXPLAIN": lists.explain,
}
ON_STAGE: Final = ("P3", "P4", "P5")
USUAL: Final = ("P1", "P1b", "P2", "P3", "P4", "P5", "P7", "P8", "P10", "ORDERS")
"""What is measured when nothing is named. P9 takes minutes and gigabytes, LOGIN is of bcrypt, EXPLAIN of rows: only when asked for."""
KNOWN: Final = (*USUAL, "P9", "LOGIN", "EXPLAIN")


def run(wanted: Sequence[str], say: Say, told: Callable[[Row], None], quick: float = 1.0) -> tuple[dict[str, Any], list[Row]]:
    """Measure; `told` hears of each row as soon as it is there. The machine, and all rows."""
    rows: list[Row] = []

    def note(more: list[Row]) -> None:
        rows.extend(more)
        for row in more:
            told(row)

    with Place(say, quick) as place:
        about = machine(place)
        on_stage = [name for name in ON_STAGE if name in wanted]
        for name in (one for one in KNOWN if one in wanted):
            if name in ALONE:
                note(ALONE[name](place))
            elif name == on_stage[0]:
                _on_stage(place, on_stage, note)
    return about, rows


def _on_stage(place: Place, wanted: Sequence[str], note: Callable[[list[Row]], None]) -> None:
    stage = Stage(place)
    rate: float | None = None
    try:
        if "P3" in wanted:
            created = web.p3(stage)
            rate = statistics.fmean(row.ours for row in created)
            note(created)
        if "P4" in wanted:
            note(web.p4(stage))
        if "P5" in wanted:
            note(freshness.p5(stage, rate))
    finally:
        place.end()
