"""The projects of the demo: one for each product, with everybody as a member who works there; and how they stand."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from infra.demo.board import Board
from infra.demo.client import Answer
from infra.demo.people import People
from infra.demo.step import TEAM
from infra.demo.team_story import TeamStory
from infra.local.state import LocalProblem

ALL = "/api/v1/projects"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a project stands, as its statistics say."""

    name: str
    tasks: int
    completed: int
    overdue: int
    by_status: dict[str, int]


class _Named(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class _Page(msgspec.Struct, frozen=True):
    items: list[_Named]
    next_cursor: str | None


class _Stats(msgspec.Struct, frozen=True):
    total_tasks: int
    completed_tasks: int
    overdue: int
    by_status: dict[str, int]


async def open_projects(people: People, stories: Sequence[TeamStory], last: int) -> dict[str, UUID]:
    """The ids of the projects in which something happens up to line `last`, made and joined as far as they are not there yet."""
    wanted: dict[str, set[str]] = {}
    for story in stories:
        joined = {name for told in story.told if told.line <= last for name in told.leaves.people}
        if story.told[0].line <= last:
            wanted.setdefault(story.project, set()).update(joined)
    there = {one.name: one.id for one in await _all(people, ALL)}
    for name, members in sorted(wanted.items()):
        if name not in there:
            made = _done(await people.ask(TEAM, "POST", ALL, body={"name": name, "status": "active"}), name)
            there[name] = made.read(_Named).id
        path = f"{ALL}/{there[name]}/members"
        known = {one.id for one in await _all(people, path)}
        for member in sorted(members):
            if (user_id := await people.id(member)) not in known:
                _done(await people.ask(TEAM, "POST", path, body={"user_id": str(user_id)}), name)
    ours = {story.project for story in stories}  # Also those that an earlier run came to, which went further.
    return {name: project_id for name, project_id in there.items() if name in ours}


async def compare_projects(
    people: People, projects: dict[str, UUID], stories: Sequence[TeamStory], board: Board, position: int
) -> tuple[list[str], list[Standing]]:
    """What the statistics of the projects say otherwise than the log, and what they say."""
    must: dict[str, dict[str, int]] = {name: {"total": 0} for name in projects}
    for story in stories:
        row = board.rows.get(story.ticket)
        done = [] if row is None else story.applied(row.version)
        if done:
            task, numbers = done[-1].leaves, must[story.project]
            for kind in ("total", task.status, *(["overdue"] if task.overdue else [])):
                numbers[kind] = numbers.get(kind, 0) + 1
    found, standings = list[str](), list[Standing]()
    for name, project_id in sorted(projects.items(), key=lambda one: (len(one[0]), one[0])):
        query = {"min_position": str(position)}
        stats: _Stats = _done(await people.ask(TEAM, "GET", f"{ALL}/{project_id}/stats", query=query), name).read(_Stats)
        shown = {kind: number for kind, number in stats.by_status.items() if number} | {"total": stats.total_tasks}
        shown |= {"overdue": stats.overdue} if stats.overdue else {}
        if shown != must[name]:
            found.append(f"{name}: its statistics say {shown}, the log says {must[name]}")
        standing: dict[str, Any] = {"tasks": stats.total_tasks, "completed": stats.completed_tasks, "overdue": stats.overdue}
        if stats.total_tasks:
            standings.append(Standing(name=name, by_status=stats.by_status, **standing))
    return found, standings


async def _all(people: People, path: str) -> list[_Named]:
    found, query = list[_Named](), {"limit": "200"} if path == ALL else {}
    while True:
        told: _Page = _done(await people.ask(TEAM, "GET", path, query=query), path).read(_Page)
        found += told.items
        if told.next_cursor is None:
            return found
        query["cursor"] = told.next_cursor


def _done(answer: Answer, what: str) -> Answer:
    if not answer.ok:
        raise LocalProblem(f"{what}: {answer.problem.code}, {answer.problem.detail}")
    return answer
