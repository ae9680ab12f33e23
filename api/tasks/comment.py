"""Comments on a task."""

from datetime import datetime
from typing import Annotated, Any, Literal, LiteralString
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import change, command, query, remove
from api.tasks.views import task_is_there
from application.tasks.comment import DeleteComment, EditComment, PostComment
from domain.shared.refused import NotFound
from domain.tasks.comment import MENTIONS, TEXT, Comment
from projections.shared.reading import Freshness
from projections.tasks.comments import COMMENTS

ALL = "/api/v1/tasks/{task_id:uuid}/comments"
ONE = "/api/v1/tasks/{task_id:uuid}/comments/{comment_id:uuid}"
Text = Annotated[str, Meta(min_length=1, max_length=TEXT, examples=["The fan hums again: please have a look."])]
Mentions = Annotated[
    tuple[UUID, ...],
    Meta(max_length=MENTIONS, examples=[[]], description="People who see the task; those marked in the text as `@[id]` are mentioned, too."),
]
Sort = Annotated[Literal["created_at", "-created_at"], QueryParameter(description="Oldest first, or newest first (`-created_at`).")]


class CommentView(msgspec.Struct, frozen=True):
    """A comment. After a command it also carries `position`."""

    id: UUID
    version: int
    task_id: UUID
    author_id: UUID
    text: str
    mentions: list[UUID]
    reply_to: UUID | None
    created_at: datetime
    edited_at: datetime | None


class NewComment(Body, frozen=True, kw_only=True):
    """What to say, whom to mention, and the comment it answers."""

    text: Text
    mentions: Mentions = ()
    reply_to: UUID | None = None


class CommentChanges(Body, frozen=True, kw_only=True):
    """A JSON merge patch (RFC 7396): what is left out stays, but mentions whose mark was taken out of the text."""

    text: Text | UnsetType = UNSET
    mentions: Mentions | UnsetType = UNSET


async def comment_is_there(request: Req) -> None:
    """Raises `NotFound` unless the caller may read the comment the address names."""
    await task_is_there(request)
    comment, _ = await parts(request).log.load(Comment, request.path_params["comment_id"])
    if not comment.is_on(request.path_params["task_id"]):
        raise NotFound


@command(ALL, needs="tasks:comment", status=201, answers=CommentView, tags=["comments"], exists=task_is_there)
async def post_comment(request: Req, task_id: FromPath[UUID], data: JSONBody[NewComment]) -> Response[bytes]:
    """Say something about a task; who is mentioned is told."""
    wish = PostComment(task_id=task_id, text=data.text, mentions=data.mentions, reply_to=data.reply_to)
    return await carry_out(request, wish, CommentView, of=Comment, status=201, location=f"/api/v1/tasks/{task_id}/comments/")


@query(ALL, needs="tasks:read", answers=Page[CommentView], tags=["comments"])
async def list_comments(
    request: Req, task_id: FromPath[UUID], fresh: NamedDependency[Freshness], sort: Sort = "created_at", limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """The comments on a task, in the order they were posted."""
    await task_is_there(request)
    oldest_first, size = sort == "created_at", limit or DEFAULT_LIMIT
    place = read_cursor(request, cursor, tuple[bool, UUID])
    where: LiteralString = "where task_id = %b"
    arguments: list[Any] = [task_id]
    if place is not None:
        oldest_first = place[0]
        where += " and id > %b" if oldest_first else " and id < %b"
        arguments.append(place[1])
    where += " order by task_id, id limit %b" if oldest_first else " order by task_id desc, id desc limit %b"
    seen = await parts(request).tables.many(COMMENTS, where, (*arguments, size + 1), fresh)
    shown = [msgspec.convert(row, CommentView, from_attributes=True) for row in seen.rows[:size]]
    following = write_cursor(request, oldest_first, shown[-1].id) if len(seen.rows) > size else None
    return page(request, shown, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query(ONE, needs="tasks:read", answers=CommentView, tags=["comments"])
async def get_comment(request: Req, task_id: FromPath[UUID], comment_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One comment, as new as its newest event."""
    await task_is_there(request)
    seen = await parts(request).tables.one(COMMENTS, comment_id, fresh)
    if seen.row is None or seen.row.task_id != task_id:
        raise NotFound
    shown = msgspec.convert(seen.row, CommentView, from_attributes=True)
    return one(request, shown, version=shown.version, position=seen.position, stale=seen.stale)


@change(ONE, needs="tasks:comment", answers=CommentView, tags=["comments"], exists=comment_is_there)
async def edit_comment(request: Req, task_id: FromPath[UUID], comment_id: FromPath[UUID], data: JSONBody[CommentChanges]) -> Response[bytes]:
    """Say one's own comment in other words."""
    wish = EditComment(task_id=task_id, comment_id=comment_id, text=data.text, mentions=data.mentions, if_match=if_match(request))
    return await carry_out(request, wish, CommentView, of=Comment)


@remove(ONE, needs="tasks:comment", tags=["comments"], exists=comment_is_there)
async def delete_comment(request: Req, task_id: FromPath[UUID], comment_id: FromPath[UUID]) -> Response[None]:
    """Take a comment back: one's own or, running the project, anybody's."""
    return await carry_out_silently(request, DeleteComment(task_id=task_id, comment_id=comment_id, if_match=if_match(request)))
