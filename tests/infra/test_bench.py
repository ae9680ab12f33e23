"""What `daybook bench` promises of its table; no timing is asserted."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.bench import run as bench
from infra.bench.freshness import delays
from infra.bench.row import Row, in_turn
from infra.cli.bench import command

ABOUT = {
    "processor": "one", "cores": 2, "memory_gb": 8.0, "load_before": 0.1, "flush_us": 200, "system": "Linux", "python": "3.11",
    "postgres": {"server_version": "18", "fsync": "on"}, "packages": {"litestar": "2"}, "load": "wrk",
}  # fmt: skip


def row(**more: Any) -> Row:
    return Row.of([10.0, 30.0, 20.0], [8.0, 10.0, 90.0], **{"id": "P1", "what": "", "against": "", "unit": "/s", "reach": 1.5} | more)


def test_the_ratio_is_the_median_of_ours_by_the_median_of_the_rival():
    assert row().ratio == 2.0


def test_more_is_better_unless_a_row_says_otherwise():
    assert row().reached
    assert not row(lower_is_better=True).reached


def test_a_row_is_written_with_exactly_these_members():
    assert row().told() == {"id": "P1", "ratio": 2.0, "reach": 1.5, "ours": 20.0, "rival": 10.0, "unit": "/s"}


def test_sides_are_measured_in_turn():
    order: list[str] = []
    figures = in_turn(2, lambda: order.append("ours") or 1.0, lambda: order.append("rival") or 2.0)
    assert order == ["ours", "rival", "ours", "rival"]
    assert figures == [[1.0, 1.0], [2.0, 2.0]]


def test_every_figure_of_the_issue_can_be_measured():
    assert {"P1", "P2", "P3", "P4", "P5", "P7", "P8", "P10"} <= set(bench.USUAL)
    assert set(bench.KNOWN) == set(bench.ALONE) | set(bench.ON_STAGE)


def test_freshness_is_from_an_answer_to_the_first_look_that_saw_its_position():
    seen = [(1.0, 10), (1.010, 20)]
    assert delays([(1.0, 15), (1.002, 10), (1.005, 20)], seen) == pytest.approx([0.0, 5.0, 10.0])


def test_the_file_holds_the_machine_and_the_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    asked: list[Any] = []

    def run(wanted: list[str], *_: Any) -> tuple[Any, list[Row]]:
        asked.extend(wanted)
        return ABOUT, [row()]

    monkeypatch.setattr(bench, "run", run)
    file = tmp_path / "figures.json"
    told = CliRunner().invoke(command, ["p1", "P4a", "--json", str(file)])
    assert told.exit_code == 0, told.output
    assert asked == ["P1", "P4"]
    assert json.loads(file.read_text()) == {"machine": ABOUT, "rows": [row().told()]}


def test_an_unknown_figure_is_named_before_anything_starts():
    told = CliRunner().invoke(command, ["P77"])
    assert told.exit_code != 0
    assert "P77" in told.output
