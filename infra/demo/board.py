"""The tasks of the demo as the board shows them."""

from typing import Any
from uuid import UUID

import msgspec

from infra.demo.people import People
from infra.demo.step import ADMIN, DESK, Expected
from infra.local.state import LocalProblem


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo looks at of a task."""

    id: UUID
    version: int
    title: str
    payload: Any
    priority: str
    external_id: str | None
    status: str
    assigned_node_id: UUID | None
    attempts: int
    deleted: bool
    assignee_ids: list[UUID] = []
    overdue: bool = False

    def as_expected(self, names: dict[str, str]) -> Expected:
        """In the words of the log; `names` by account id."""
        node = None if self.assigned_node_id is None else names.get(str(self.assigned_node_id), str(self.assigned_node_id))
        people = tuple(names.get(str(one), str(one)) for one in self.assignee_ids)
        return Expected(
            version=self.version,
            status=self.status,
            node=node,
            priority=self.priority,
            attempts=self.attempts,
            people=people,
            overdue=self.overdue,
        )


class Board(msgspec.Struct, frozen=True):
    """The task of each ticket, what was deleted of it before, and what is wrong with the list itself."""

    rows: dict[str, Row]
    deleted: dict[str, int]
    problems: list[str]


class _Page(msgspec.Struct, frozen=True):
    items: list[Row]
    next_cursor: str | None


async def read_board(people: People, position: int, owner: str = DESK) -> Board:
    """All tasks of a desk, at this position of the log or later."""
    board = Board({}, {}, [])
    query = {"owner_id": str(await people.id(owner)), "include_deleted": "true", "min_position": str(position)}
    while True:
        answer = await people.ask(ADMIN, "GET", "/api/v1/admin/tasks", query=query)
        if not answer.ok:
            raise LocalProblem(f"the tasks cannot be listed: {answer.problem.code}, {answer.problem.detail}")
        page: _Page = answer.read(_Page)
        for row in page.items:
            _put(board, row)
        if page.next_cursor is None:
            return board
        query["cursor"] = page.next_cursor


def _put(board: Board, row: Row) -> None:
    ticket = row.external_id or ""
    if row.deleted:
        board.deleted[ticket] = board.deleted.get(ticket, 0) + 1
    elif ticket in board.rows:
        board.problems.append(f"{ticket} is there twice: {board.rows[ticket].id} and {row.id}")
    else:
        board.rows[ticket] = row
