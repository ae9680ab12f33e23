"""Whether board, counts and history say what the log says."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from infra.demo.board import Board, Row
from infra.demo.client import side_by_side
from infra.demo.people import People
from infra.demo.step import ADMIN, DESK, TEAM, Entry, Expected
from infra.demo.story import Story
from infra.local.state import LocalProblem

SIDE_BY_SIDE: Final = 16
BY_NAME: Final = {"initial_assign", "assignee_change", "retry", "assignee_added"}
"""Changes from one person to another."""


class _Shown(msgspec.Struct, frozen=True):
    action_type: str
    from_value: Any
    to_value: Any
    reason: str | None
    performed_by: str


class _History(msgspec.Struct, frozen=True):
    items: list[_Shown]
    next_cursor: str | None


def compare_board(stories: Sequence[Story], last: int, board: Board, names: dict[str, str]) -> list[str]:
    """Every ticket that begins up to line `last` has its task, at least that far, and looking as the log says at its version."""
    found, known = list(board.problems), {story.ticket for story in stories}
    found += [f"{ticket or row.id}: the log knows no such ticket" for ticket, row in board.rows.items() if ticket not in known]
    for story in stories:
        least = max((told.leaves.version for told in story.told if told.line <= last), default=0)
        row = board.rows.get(story.ticket)
        if row is None:
            found += [f"{story.ticket}: no task"] if least else []
        elif not least <= row.version <= story.end:
            found.append(f"{story.ticket}: version {row.version}, the log has {least} to {story.end}")
        else:
            found += _compare_row(story, row, names)
    return found


def _compare_row(story: Story, row: Row, names: dict[str, str]) -> list[str]:
    must, shown = after(story, row), row.as_expected(names)
    found = [] if shown == must else [f"{story.ticket}: the board shows {shown}, the log says {must}"]
    if row.title != story.title or row.payload != story.payload:
        found.append(f"{story.ticket}: title or payload are not those of the log")
    return found


def after(story: Story, row: Row) -> Expected:
    """How the task must look at the version of this row."""
    return story.applied(row.version)[-1].leaves


def counts(stories: Sequence[Story], board: Board) -> dict[str, dict[str, int]]:
    """The numbers of each person's tasks (its owner's: of all), folded from the log up to the version of each task."""
    found: dict[str, dict[str, int]] = {}
    for story in stories:
        row = board.rows.get(story.ticket)
        if row is None or not 1 <= row.version <= story.end:
            continue
        task = after(story, row)
        numbers = {"total": 1, task.status: 1, "high_priority": task.priority in {"high", "urgent"}, "dead": task.status == "failed"}
        numbers |= {"overdue": 1} if task.overdue else {}
        for name in {story.owner, task.node} - {None}:
            group = found.setdefault(str(name), {})
            for kind, number in numbers.items():
                group[kind] = group.get(kind, 0) + number
    return found


async def compare_counts(people: People, must: dict[str, dict[str, int]], position: int) -> list[str]:
    """The numbers of the desk and of every node."""
    found = []
    for name, numbers in sorted(must.items()):
        query = {"user_id" if name in (DESK, TEAM) else "node_id": str(await people.id(name)), "min_position": str(position)}
        answer = await people.ask(ADMIN, "GET", "/api/v1/tasks/stats", query=query)
        if not answer.ok:
            raise LocalProblem(f"the counts cannot be read: {answer.problem.code}, {answer.problem.detail}")
        shown = {kind: number for kind, number in answer.read(dict[str, Any]).items() if isinstance(number, int)}
        wrong = {kind: number for kind, number in shown.items() if number != numbers.get(kind, 0)}
        if wrong:
            found.append(f"counts of {name}: {wrong}, the log says { {kind: numbers.get(kind, 0) for kind in wrong} }")
    return found


async def compare_histories(people: People, stories: Sequence[Story], board: Board, on_task: Callable[[], None]) -> list[str]:
    """Every change of every task: what, from what to what, why, and by whom."""
    found: list[str] = []
    waiting = iter([(story, board.rows[story.ticket]) for story in stories if story.ticket in board.rows])

    async def work() -> None:
        for story, row in waiting:
            must = [_by_id(entry, people) for step in story.applied(row.version) for entry in step.entries]
            shown = await _history(people, row)
            if shown != must:
                at = next((nth for nth, (one, other) in enumerate(zip(shown, must, strict=False)) if one != other), min(len(shown), len(must)))
                found.append(f"{story.ticket}: change {at + 1} of its history is {shown[at : at + 1]}, the log says {must[at : at + 1]}")
            on_task()

    await side_by_side(SIDE_BY_SIDE, work)
    return sorted(found)


async def _history(people: People, row: Row) -> list[Entry]:
    """Oldest first."""
    found: list[Entry] = []
    query = {"limit": "200"}
    while True:
        answer = await people.ask(ADMIN, "GET", f"/api/v1/tasks/{row.id}/history", query=query)
        if not answer.ok:
            return [Entry(f"unreadable: {answer.problem.code}", None, None, None, "")]
        page: _History = answer.read(_History)
        found += [Entry(one.action_type, one.from_value, one.to_value, one.reason, one.performed_by) for one in page.items]
        if page.next_cursor is None:
            return found[::-1]
        query["cursor"] = page.next_cursor


def _by_id(entry: Entry, people: People) -> Entry:
    """The same with the ids of accounts instead of names."""
    old, new = entry.from_value, entry.to_value
    if entry.action_type in BY_NAME:
        old, new = old and people.known(old), new and people.known(new)
    return Entry(entry.action_type, old, new, entry.reason, people.known(entry.by) or entry.by)
