"""Plays the stories: each ticket by one worker in order, tickets side by side.

Nothing is kept between two runs. A task's version says how many steps of its ticket it has behind it, so a run goes on where the
last one ended, days later too; within a day the idempotency keys also cover a step whose answer nobody heard.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.demo.board import Board, Row
from infra.demo.client import Answer, side_by_side
from infra.demo.people import People
from infra.demo.step import Step, Told
from infra.demo.story import Story

SIDE_BY_SIDE: Final = 24
TASKS: Final = "/api/v1/tasks"


class Refusal(msgspec.Struct, frozen=True):
    """A line that could not be applied, and why."""

    line: int
    ticket: str
    activity: str
    code: str
    reason: str


class Played(msgspec.Struct):
    """What became of the lines: each one is in exactly one of the five."""

    accepted: int = 0
    already: int = 0
    """Applied by an earlier run."""
    nothing_new: int = 0
    refused: list[Refusal] = []
    unexpected: list[Refusal] = []
    """Lines that the API did not answer as it must, and those after them in the same ticket."""
    commands: int = 0
    """Steps that made an event now."""
    interrupted: bool = False

    @property
    def lines(self) -> int:
        """All that were looked at."""
        return self.accepted + self.already + self.nothing_new + len(self.refused) + len(self.unexpected)


class _Surprise(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Player:
    """Plays all lines up to `last` (a line number). `stop()` lets every ticket end its present request and no more."""

    def __init__(self, people: People, board: Board, last: int, on_line: Callable[[], None], projects: Mapping[str, UUID] | None = None) -> None:
        self._people = people
        self._board = board
        self._last = last
        self._on_line = on_line
        self._projects = projects or {}
        self.played = Played()

    def stop(self) -> None:
        """End early; another run goes on from there."""
        self.played.interrupted = True

    async def play(self, stories: Sequence[Story]) -> Played:
        """What became of every line."""
        waiting = iter(stories)

        async def work() -> None:
            for story in waiting:
                if self.played.interrupted:
                    return
                await self._ticket(story)

        await side_by_side(SIDE_BY_SIDE, work)
        self.played.refused.sort(key=lambda refusal: refusal.line)
        self.played.unexpected.sort(key=lambda refusal: refusal.line)
        return self.played

    async def _ticket(self, story: Story) -> None:
        row, surprise = self._board.rows.get(story.ticket), None
        ticket = _Ticket(story, row, f"demo/{story.ticket}/{self._board.deleted.get(story.ticket, 0)}")
        if ticket.done > story.end:
            surprise = _Surprise("changed_by_others", f"the task has version {ticket.done}, the log ends at {story.end}")
        for told in story.told:
            if told.line > self._last or self.played.interrupted:
                return
            try:
                if surprise is None:
                    await self._line(ticket, told)
            except _Surprise as found:
                surprise = found
            if surprise is not None:
                self.played.unexpected.append(Refusal(told.line, story.ticket, told.activity, surprise.code, surprise.reason))
            self._on_line()

    async def _line(self, ticket: "_Ticket", told: Told) -> None:
        answer, sent = None, 0
        for step in told.steps:
            if not step.is_done_in(ticket.done):
                answer = await self._send(ticket, step)
                sent += not step.refusal
        self.played.commands += sent
        refused = next((step for step in told.steps if step.refusal), None)
        if told.problem or refused:
            code = refused.refusal if refused else "not_understood"
            reason = told.problem or _why(told, answer)
            self.played.refused.append(Refusal(told.line, ticket.story.ticket, told.activity, code, reason))
        elif not told.steps:
            self.played.nothing_new += 1
        elif sent:
            self.played.accepted += 1
        else:
            self.played.already += 1

    async def _send(self, ticket: "_Ticket", step: Step) -> Answer:
        people, body = self._people, dict(step.body)
        for name in body.keys() & {"node_id", "user_id"}:
            body[name] = str(await people.id(body[name]))
        if "project_id" in body:
            body["project_id"] = str(self._projects[body["project_id"]])
        path = TASKS if ticket.id is None else f"{TASKS}/{ticket.id}{step.path}"
        key = f"{ticket.key}/{step.line}{step.path}/{step.leaves.version}/{step.body.get('status', '')}"
        answer = await people.ask(step.by, step.method, path, body=body, key=key)
        if step.refusal:
            if answer.ok or answer.problem.code != step.refusal:
                told = "was accepted" if answer.ok else f"was refused with {answer.problem.code}"
                raise _Surprise("wrong_refusal", f"{step.path} {told}, and must be refused with {step.refusal}")
            return answer
        if not answer.ok:
            raise _Surprise(answer.problem.code, f"{step.method} {step.path or 'task'} {step.body.get('status', '')}: {answer.problem.detail}")
        made: dict[str, Any] = answer.read(dict[str, Any])
        ticket.id = made["id"]
        if made["version"] != step.leaves.version:
            raise _Surprise("wrong_version", f"the task has version {made['version']} instead of {step.leaves.version}: others changed it too")
        return answer


class _Ticket:
    def __init__(self, story: Story, row: Row | None, key: str) -> None:
        self.story = story
        self.id: str | None = None if row is None else str(row.id)
        self.done = 0 if row is None else row.version
        self.key = key


def _why(told: Told, answer: Answer | None) -> str:
    task = told.leaves
    where = f"the task is {task.status}" + (f" and {task.node}'s" if task.node else "")
    return where if answer is None else f"{where}. {answer.problem.detail}"
