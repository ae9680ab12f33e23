"""Which tasks an export shows: the words of the task lists as a WHERE clause, within what the requester may see."""

from typing import Any, Final, LiteralString
from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, must, reach

ONE: Final[dict[str, LiteralString]] = {
    "project_id": "project_id = %b",
    "owner_id": "owner_id = %b",
    "node_id": "assigned_node_id = %b",
    "assignee_id": "assignee_ids @> array[%b]::uuid[]",
    "external_id": "external_id = %b",
    "tag": "tags @> array[%b]::text[]",
    "overdue": "overdue = %b",
    "dead": "dead = %b",
}
SEVERAL: Final[dict[str, LiteralString]] = {"status": "status = any(%b::text[])", "priority": "priority = any(%b::text[])"}
MINE: Final[LiteralString] = "(owner_id = %b or assigned_node_id = %b or assignee_ids @> array[%b]::uuid[])"


def selection(caller: Caller, scope: str, filters: dict[str, Any], *, seated: bool) -> tuple[LiteralString, list[Any]]:
    """Conditions and their values. `seated`: the caller has a seat in the project the filters name, and so sees all tasks of it.

    Raises `InsufficientRole` for who may not list everybody's.
    """
    where: LiteralString = "not deleted"
    values = list[Any]()
    if scope == "all":
        must(caller, "tasks:list-all")
    elif not (seated or (reach(caller, "projects:read") is Reach.ALL and "project_id" in filters)):
        where, values = f"{where} and {MINE}", [caller.id] * 3
    for name, value in filters.items():
        where = f"{where} and {SEVERAL.get(name) or ONE[name]}"
        values.append(UUID(value) if name.endswith("_id") and name != "external_id" else value.lower() if name == "tag" else value)
    return where, values
