"""Which tasks a request seeks: its parameters as filters, and where the caller may look."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, LiteralString, TypeVar
from uuid import UUID

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.shared.access import caller
from api.shared.moments import moment, moment_of
from api.shared.problems import BodyRefused, FieldError
from api.shared.project_sight import must_see_project
from application.shared.context import Caller
from application.shared.permissions import Reach, reach
from domain.identity.role import Role
from domain.tasks.status import Priority, Status
from projections.shared.reading import Freshness
from projections.tasks.task_search import Filter, Place, Sought, assigned, mine

Req = Request[Any, Any, Any]
Word = TypeVar("Word", bound=StrEnum)
OVERDUE: Final = "overdue"
NODE: Final = Role.NODE.value


def _told(text: str, **more: Any) -> Any:
    return QueryParameter(description=text, **more)


Words = Annotated[str | None, _told("One word or several with commas, in any case: any of them.", max_length=200)]
Text = Annotated[str | None, _told("Every word of it stands in title or description, in any case.", min_length=1, max_length=200)]


class Wanted(msgspec.Struct, frozen=True):
    """The filters of a request, which must all hold, and how new its answer must be."""

    fresh: Freshness
    filters: tuple[Filter, ...]
    owners: tuple[UUID, ...] = ()
    assignee: UUID | None = None
    node: UUID | None = None
    project: UUID | None = None
    watcher: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def at(self, places: tuple[Place, ...], filters: tuple[Filter, ...], *, deleted: bool = False) -> Sought:
        """The same, sought in these places."""
        return Sought(places, filters, deleted, self.since, self.until)


def wanted(
    request: Req,
    fresh: NamedDependency[Freshness],
    status: Annotated[Words, _told(f"{', '.join(Status)}, all, or {OVERDUE}; several with commas.", max_length=200)] = None,
    priority: Annotated[Words, _told(f"{', '.join(Priority)}; several with commas.", max_length=100)] = None,
    tag: Annotated[Words, _told("A tag, or several with commas: any of them.", max_length=300)] = None,
    q: Text = None,
    search: Text = None,
    owner_id: FromQuery[UUID | None] = None,
    user_id: FromQuery[UUID | None] = None,
    assignee_id: FromQuery[UUID | None] = None,
    watcher: Annotated[str | None, _told("What the caller follows.", max_length=40, schema_extra={"enum": ["me"]})] = None,
    node_id: FromQuery[UUID | None] = None,
    project_id: FromQuery[UUID | None] = None,
    external_id: Annotated[str | None, _told("The id of another system.", max_length=255)] = None,
    overdue: FromQuery[bool | None] = None,
    dead: FromQuery[bool | None] = None,
    due_from: Annotated[str | None, moment("Due then or later.")] = None,
    due_to: Annotated[str | None, moment("Due then or earlier.")] = None,
    created_from: Annotated[str | None, moment("Created then or later.")] = None,
    created_to: Annotated[str | None, moment("Created then or earlier.")] = None,
) -> Wanted:
    """What is sought; `user_id` is another word for `owner_id`, and `search` for `q`."""
    since, until = moment_of("created_from", created_from), moment_of("created_to", created_to)
    filters = [
        *_statuses(status),
        *_one_of("priority", priority, Priority),
        *_tags(tag),
        *_text(q),
        *_text(search),
        *_plain("external", "external_id = %b", external_id),
        *_flag("overdue", overdue),
        *_flag("dead", dead),
        *_plain("due", "due_date >= %b", moment_of("due_from", due_from)),
        *_plain("due", "due_date <= %b", moment_of("due_to", due_to)),
        *_plain("created", "created_at >= %b", since),
        *_plain("created", "created_at <= %b", until),
    ]
    owners = tuple(one for one in (owner_id, user_id) if one is not None)
    return Wanted(fresh, tuple(filters), owners, assignee_id, node_id, project_id, _watcher(request, watcher), since, until)


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


def is_only_node(who: Caller) -> bool:
    """Whether the caller is a node and nobody else; by its roles, for scopes do not change whose tasks are whose."""
    return (who.roles or {who.role}) == {NODE}


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


def words(text: str | None) -> list[str]:
    """The words of a list with commas."""
    return [] if text is None else [word.strip() for word in text.split(",")]


def _meant(name: str, text: str | None, kind: type[Word], also: frozenset[str] = frozenset()) -> list[Word | str]:
    found, unknown = dict[Word | str, None](), list[str]()
    for word in words(text):
        if word.lower() in also:
            found[word.lower()] = None
            continue
        try:
            found[kind(word)] = None
        except ValueError:
            unknown.append(word)
    if unknown:
        allowed = ", ".join((*kind, *sorted(also)))
        raise BodyRefused([FieldError(name, "not_allowed", f"{', '.join(unknown)}: one of {allowed} is meant")])
    return list(found)


def _statuses(text: str | None) -> Iterator[Filter]:
    found = _meant("status", text, Status, frozenset({"all", OVERDUE}))
    plain = [str(one) for one in found if one != OVERDUE]
    if not found or "all" in plain:
        return
    if OVERDUE not in found:
        yield Filter("status", "status = any(%b::text[])", (plain,), tuple(plain))
    elif not plain:
        yield from _flag("overdue", True)  # noqa: FBT003 — the value of the filter.
    else:
        yield Filter("either", "(overdue or status = any(%b::text[]))", (plain,))


def _one_of(name: LiteralString, text: str | None, kind: type[Word]) -> Iterator[Filter]:
    found = [str(one) for one in _meant(name, text, kind)]
    if found:
        yield Filter(name, f"{name} = any(%b::text[])", (found,), tuple(found))


def _tags(text: str | None) -> Iterator[Filter]:
    found = [word for word in dict.fromkeys(words(text)) if word]
    if text is not None:
        yield Filter("tag", "tags && %b::text[]", (found,), tuple(found))


def _text(text: str | None) -> Iterator[Filter]:
    found = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in (text or "").split()]
    if found:
        sought = [f"%{word}%" for word in found]
        yield Filter("q", "title || ' ' || coalesce(description, '') ilike all(%b::text[])", (sought,))


def _plain(name: str, condition: LiteralString, value: Any) -> Iterator[Filter]:
    if value is not None:
        yield Filter(name, condition, (value,))


def _flag(name: LiteralString, value: bool | None) -> Iterator[Filter]:  # noqa: FBT001 — the value of the filter.
    if value is not None:
        yield Filter(name, name if value else f"not {name}", (), (True,) if value else ())


def _watcher(request: Req, word: str | None) -> UUID | None:
    who = caller(request)
    if word is None:
        return None
    if who.id is None or word.lower() not in {"me", str(who.id)}:
        raise BodyRefused([FieldError("watcher", "not_allowed", "me is meant")])
    return who.id
