"""Where the tasks are that a request seeks, and where the caller may look."""

from typing import Final
from uuid import UUID

from api.shared.access import caller
from api.shared.project_sight import must_see_project
from api.shared.request import Req
from api.tasks.wishing import Wanted
from application.shared.context import Caller
from application.shared.permissions import Reach, reach
from application.shared.task_sight import is_only_node
from domain.identity.role import Role
from projections.tasks.task_search import Filter, Place, Sought, assigned, mine

NODE: Final = Role.NODE.value


async def of_caller(request: Req, sought: Wanted) -> Sought:
    """What is sought, where the caller may look; raises `NotFound` for a project they may not see."""
    return sought.at(*await own_places(request, sought))


async def own_places(request: Req, sought: Wanted) -> tuple[tuple[Place, ...], tuple[Filter, ...]]:
    """Where the caller's tasks are: in a project they see, among what they follow, else what is theirs; and the filters that are left.

    Whoever reads all tasks may look at somebody else's. Raises `NotFound` for a project the caller may not see.
    """
    who = caller(request)
    if sought.project is not None:
        await must_see_project(request, sought.project)
        return (Place("project", sought.project),), _filters(sought, without="project")
    if sought.watcher is not None:
        return (Place("watcher", sought.watcher),), _filters(sought, without="watcher")
    if reach(who, "tasks:read") is Reach.ALL and (found := _anybody(sought)) is not None:
        return found
    return _own(who, sought)


def _own(who: Caller, sought: Wanted) -> tuple[tuple[Place, ...], tuple[Filter, ...]]:
    if who.id is not None and sought.assignee == who.id:
        return assigned(who.id), _filters(sought, without="assignee")
    if who.id is not None and who.id in sought.owners:
        return (Place("owner", who.id),), _filters(sought, without="owner", owner=who.id)
    return places_of(who), _filters(sought)


def every_place(sought: Wanted) -> tuple[tuple[Place, ...], tuple[Filter, ...]]:
    """Where tasks of everybody are; the narrowest place that a filter names."""
    if sought.project is not None:
        return (Place("project", sought.project),), _filters(sought, without="project")
    return _anybody(sought) or ((Place("all"),), _filters(sought))


def places_of(who: Caller) -> tuple[Place, ...]:
    """Where tasks are that are theirs: what a node is to work on, what a person owns or is to work on."""
    if who.id is None:
        return (Place("all"),)  # Daybook itself.
    node = (Place("node", who.id),) if NODE in (who.roles or {who.role}) else ()
    return node if is_only_node(who) else (*mine(who.id), *node)


def _anybody(sought: Wanted) -> tuple[tuple[Place, ...], tuple[Filter, ...]] | None:
    if sought.owners:
        return (Place("owner", sought.owners[0]),), _filters(sought, without="owner", owner=sought.owners[0])
    if sought.node is not None:
        return (Place("node", sought.node),), _filters(sought, without="node")
    if sought.assignee is not None:
        return assigned(sought.assignee), _filters(sought, without="assignee")
    return None


def _filters(sought: Wanted, without: str = "", owner: UUID | None = None) -> tuple[Filter, ...]:
    """All filters but the one that names the place."""
    people = [Filter("owner", "owner_id = %b", (one,), (one,)) for one in sought.owners if without != "owner" or one != owner]
    if sought.assignee is not None and without != "assignee":
        people.append(Filter("assignee", "%b = any(assignee_ids)", (sought.assignee,), (sought.assignee,)))
    if sought.node is not None and without != "node":
        people.append(Filter("node", "assigned_node_id = %b", (sought.node,)))
    if sought.watcher is not None and without != "watcher":
        people.append(Filter("watcher", "%b = any(watcher_ids)", (sought.watcher,)))
    return (*sought.filters, *people)
