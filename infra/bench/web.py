"""P3, P4: creating and reading tasks over HTTP, beside a bare Litestar echo on the same server."""

from collections.abc import Callable
from typing import Final

from infra.bench.row import Row, in_turn
from infra.bench.stage import Stage
from infra.bench.wrk import generator

TURNS: Final = 3


def p3(stage: Stage) -> list[Row]:
    """Creating a task."""
    return [_beside_echo(stage, lambda: stage.creating, "P3", "POST that creates a task", 0.35)]


def p4(stage: Stage) -> list[Row]:
    """Reading, read-your-writes on."""
    return [
        _beside_echo(stage, lambda: stage.reading, "P4a", "GET one task by id", 0.35),
        _beside_echo(stage, lambda: stage.listing, "P4b", "GET a page of 20 by status", 0.20),
    ]


def _beside_echo(stage: Stage, requests: Callable[[], list[tuple[str, str]]], name: str, what: str, reach: float) -> Row:
    stage.place.say(f"{name}: {what}, and the bare echo in turn")
    wanted = requests()
    figures = in_turn(TURNS, lambda: stage.load(stage.api, wanted).rate, lambda: stage.load(stage.bare, stage.echoing).rate)
    return Row.of(
        *figures,
        id=name,
        what=what,
        against="a bare Litestar POST echo",
        unit="requests/s",
        reach=reach,
        note=f"load by {generator()}",
    )
