"""Which tasks an export shows: the words of the task lists as a WHERE clause, within what the requester may see."""

from typing import Any, Final, LiteralString
from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, must, reach
from projections.shared.patterns import patterns

CONDITIONS: Final[dict[str, LiteralString]] = {
    "status": "status = any(%b::text[])",
    "priority": "priority = any(%b::text[])",
    "tag": "tags && %b::text[]",
    "q": "title || ' ' || coalesce(description, '') ilike all(%b::text[])",
    "search": "title || ' ' || coalesce(description, '') ilike all(%b::text[])",
    "project_id": "project_id = %b::uuid",
    "owner_id": "owner_id = %b::uuid",
    "user_id": "owner_id = %b::uuid",
    "assignee_id": "assignee_ids @> array[%b::uuid]",
    "node_id": "assigned_node_id = %b::uuid",
    "watcher": "watcher_ids @> array[%b::uuid]",
    "external_id": "external_id = %b",
    "overdue": "overdue = %b",
    "dead": "dead = %b",
    "due_from": "due_date >= %b::timestamptz",
    "due_to": "due_date <= %b::timestamptz",
    "created_from": "created_at >= %b::timestamptz",
    "created_to": "created_at <= %b::timestamptz",
}
MINE: Final[LiteralString] = "(owner_id = %b or assigned_node_id = %b or assignee_ids @> array[%b]::uuid[])"
NAMES_SOMEBODY: Final = frozenset({"owner_id", "user_id", "assignee_id", "node_id"})


def selection(caller: Caller, scope: str, filters: dict[str, Any], *, seated: bool) -> tuple[LiteralString, list[Any]]:
    """Conditions and their values. `seated`: the caller has a seat in the project the filters name, and so sees all tasks of it.

    Raises `InsufficientRole`, `InsufficientScope` for who may not list these.
    """
    where: LiteralString = "not deleted"
    values = list[Any]()
    must(caller, "tasks:list-all" if scope == "all" else "tasks:read")
    if scope != "all" and not _reaches_further(caller, filters, seated=seated):
        where, values = f"{where} and {MINE}", [caller.id] * 3
    for name, value in filters.items():
        where = f"{where} and {CONDITIONS[name]}"
        values.append(_meant(name, value, caller.id))
    return where, values


def _reaches_further(caller: Caller, filters: dict[str, Any], *, seated: bool) -> bool:
    """Whether what is sought is to be seen without being one's own: as in the lists of tasks."""
    if "project_id" in filters:
        return seated or reach(caller, "projects:read") is Reach.ALL
    return "watcher" in filters or (reach(caller, "tasks:read") is Reach.ALL and not NAMES_SOMEBODY.isdisjoint(filters))


def _meant(name: str, value: Any, caller_id: UUID | None) -> Any:
    match name:
        case "status" | "priority" | "tag":
            return [word.lower() for word in ([value] if isinstance(value, str) else value)]
        case "q" | "search":
            return patterns(value)
        case "watcher":
            return caller_id
    return value
