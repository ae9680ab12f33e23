"""The proof sees what is wrong: one thing changed at a time, one difference named."""

from uuid import UUID

import msgspec
import pytest

from infra.demo.board import Board, Row
from infra.demo.proof import compare_board, counts
from infra.demo.step import DESK
from infra.demo.story import Story
from tests.infra.demo.lines import JUDGED, RESOLVED, TAKEN, A, story

NODE, OTHER = UUID(int=1), UUID(int=2)
NAMES = {str(NODE): A}
STORY = story(JUDGED, TAKEN, RESOLVED)


def row(version: int = 4, status: str = "completed", **more: object) -> Row:
    usual = {"title": "Case 7", "payload": STORY.payload, "priority": "high", "external_id": "Case 7", "assigned_node_id": NODE, "attempts": 0}
    return msgspec.structs.replace(Row(id=UUID(int=9), version=version, status=status, deleted=False, **usual), **more)


def compared(*rows: Row, last: int = 4, stories: tuple[Story, ...] = (STORY,)) -> list[str]:
    return compare_board(stories, last, Board({each.external_id or "": each for each in rows}, {}, []), NAMES)


def test_a_board_as_the_log_says_has_no_differences():
    assert compared(row()) == []


@pytest.mark.parametrize(
    "wrong", [{"status": "failed"}, {"assigned_node_id": OTHER}, {"priority": "low"}, {"attempts": 1}, {"title": "x"}, {"payload": None}]
)
def test_every_wrong_field_is_seen(wrong):
    assert len(compared(row(**wrong))) == 1


def test_a_missing_task_is_seen_unless_it_had_not_begun():
    assert compared() == ["Case 7: no task"]
    assert compared(last=1) == []


def test_a_task_behind_or_ahead_of_the_log_is_seen():
    assert compared(row(3, "in_progress")) == ["Case 7: version 3, the log has 4 to 4"]
    assert compared(row(5)) == ["Case 7: version 5, the log has 4 to 4"]
    assert compared(row(3, "in_progress"), last=3) == []


def test_a_task_that_an_earlier_run_took_further_is_compared_where_it_stands():
    assert compared(row(4), last=2) == []
    assert len(compared(row(4, "in_progress"), last=2)) == 1


def test_a_task_that_the_log_does_not_know_is_seen():
    assert compared(row(), row(external_id="Case 8")) == ["Case 8: the log knows no such ticket"]


def test_counts_are_folded_from_the_log_up_to_where_each_task_stands():
    board = Board({"Case 7": row(3)}, {}, [])
    numbers = {"total": 1, "in_progress": 1, "high_priority": 1, "dead": 0}
    assert counts([STORY], board) == {DESK: numbers, A: numbers}
    assert counts([STORY], Board({"Case 7": row(1)}, {}, [])) == {DESK: {"total": 1, "pending": 1, "high_priority": 1, "dead": 0}}
