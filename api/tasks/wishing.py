"""What a request says of the tasks it seeks: the parameters of lists, and the conditions they mean."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, LiteralString
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.shared.access import caller
from api.shared.moments import moment, moment_of
from api.shared.problems import BodyRefused, FieldError
from api.shared.request import Req
from api.shared.words import Word, words, words_of
from domain.tasks.status import Priority, Status
from projections.shared.patterns import patterns
from projections.shared.reading import Freshness
from projections.tasks.task_search import Filter, Place, Sought

OVERDUE: Final = "overdue"


def _told(text: str, **more: Any) -> Any:
    return QueryParameter(description=text, **more)


Words = Annotated[str | None, _told("One word or several with commas, in any case: any of them.", max_length=200)]
Text = Annotated[str | None, _told("Every word of it stands in title or description, in any case.", min_length=1, max_length=200)]


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """The parameters of a list as they were given."""

    status: str | None = None
    priority: str | None = None
    tag: str | None = None
    q: str | None = None
    search: str | None = None
    owner_id: UUID | None = None
    user_id: UUID | None = None
    assignee_id: UUID | None = None
    watcher: str | None = None
    node_id: UUID | None = None
    project_id: UUID | None = None
    external_id: str | None = None
    overdue: bool | None = None
    dead: bool | None = None
    due_from: str | None = None
    due_to: str | None = None
    created_from: str | None = None
    created_to: str | None = None


class Wanted(msgspec.Struct, frozen=True):
    """The filters of a request, which must all hold, and how new its answer must be."""

    fresh: Freshness
    said: Said
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
    said = Said(
        status, priority, tag, q, search, owner_id, user_id, assignee_id, watcher, node_id, project_id, external_id, overdue, dead,
        due_from, due_to, created_from, created_to,
    )  # fmt: skip
    return meant(request, fresh, said)


def meant(request: Req, fresh: Freshness, said: Said) -> Wanted:
    """What these parameters seek; raises `BodyRefused` naming those that do not fit."""
    since, until = moment_of("created_from", said.created_from), moment_of("created_to", said.created_to)
    filters = [
        *_statuses(said.status),
        *_one_of("priority", said.priority, Priority),
        *_tags(said.tag),
        *_text(said.q),
        *_text(said.search),
        *_plain("external", "external_id = %b", said.external_id),
        *_flag("overdue", said.overdue),
        *_flag("dead", said.dead),
        *_plain("due", "due_date >= %b", moment_of("due_from", said.due_from)),
        *_plain("due", "due_date <= %b", moment_of("due_to", said.due_to)),
        *_plain("created", "created_at >= %b", since),
        *_plain("created", "created_at <= %b", until),
    ]
    owners = tuple(one for one in (said.owner_id, said.user_id) if one is not None)
    watcher = _watcher(request, said.watcher)
    return Wanted(fresh, said, tuple(filters), owners, said.assignee_id, said.node_id, said.project_id, watcher, since, until)


def _statuses(text: str | None) -> Iterator[Filter]:
    found = words_of("status", text, Status, frozenset({"all", OVERDUE}))
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
    found = [str(one) for one in words_of(name, text, kind)]
    if found:
        yield Filter(name, f"{name} = any(%b::text[])", (found,), tuple(found))


def _tags(text: str | None) -> Iterator[Filter]:
    found = [word for word in dict.fromkeys(words(text)) if word]
    if text is not None:
        yield Filter("tag", "tags && %b::text[]", (found,), tuple(found))


def _text(text: str | None) -> Iterator[Filter]:
    sought = patterns(text or "")
    if sought:
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
