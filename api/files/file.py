"""Files on tasks: hung there, listed, read, taken away; and how much room is left."""

import contextlib
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import FromPath

from api.files.downloading import BYTES, describe, download
from api.files.uploading import REFUSED, Sent, form_with, must_fit, received
from api.shared.access import caller
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.examples import ID
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, problems_of, query, remove
from api.shared.task_sight import must_see_task
from application.files.file import AttachedFile, AttachFile, RemoveFile
from application.shared.outside import StoreUnavailable
from domain.files.shelf import Shelf, shelf_of
from domain.files.stored_file import StoredFile
from domain.shared.aggregate import NOBODY
from domain.shared.refused import NotFound, Refused, Unavailable
from domain.tasks.audience import Audience
from projections.files.files import FILES, FileRow
from projections.shared.reading import FIRST_ID, Freshness

LIMIT: Final = "files"
"""The rate limit of everything about files."""
TASK: Final = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID, description="The task the file belongs to.", examples=[ID])


class Usage(msgspec.Struct, frozen=True):
    """How much room the caller's files take, and how much there is: bytes, and how many files."""

    used: int
    quota: int
    files: int


async def task_is_there(request: Req) -> None:
    """Raises `NotFound` unless the caller may see the task the address names."""
    await _must_see(request, request.path_params["task_id"])


async def file_is_there(request: Req) -> tuple[StoredFile, int]:
    """The file the address names, and its position; raises `NotFound` unless the caller may see its task."""
    file, position = await parts(request).log.load(StoredFile, request.path_params["file_id"])
    if not file.is_there or file.task_id is None:
        raise NotFound
    await _must_see(request, file.task_id)
    return file, position


async def _must_see(request: Req, task_id: UUID) -> None:
    task, _ = await parts(request).log.load(Audience, task_id)
    await must_see_task(request, task.but(deleted=task.deleted or not task.exists))


@command(
    "/api/v1/tasks/{task_id:uuid}/files", needs="files:write", status=201, answers=AttachedFile, tags=["files"], limit=LIMIT,
    request_max_body_size=None, responses=REFUSED, further=form_with(),
)  # fmt: skip
async def attach_file(request: Req, task_id: FromPath[UUID]) -> Response[bytes]:
    """Hang a file on a task: a form (RFC 7578) with one file, which must be what its media type says."""
    await task_is_there(request)
    return await _take(request, task_id)


@command(
    "/api/v1/files/upload", needs="files:write", status=201, answers=AttachedFile, tags=["files"], limit=LIMIT,
    request_max_body_size=None, responses=REFUSED, further=form_with(task_id=TASK),
)  # fmt: skip
async def upload_file(request: Req) -> Response[bytes]:
    """The same with the task in a field of the form."""
    return await _take(request, None)


async def _take(request: Req, task_id: UUID | None) -> Response[bytes]:
    known, is_named = parts(request), task_id is not None
    most = known.rules.file_size_limit

    async def field(name: str, text: str) -> None:
        nonlocal task_id
        if is_named or name != "task_id":
            raise BodyRefused([FieldError(f"/{name}", "unknown_field", "this field is not known here")])
        try:
            task_id = UUID(text)
        except ValueError as error:
            raise BodyRefused([FieldError("/task_id", "wrong_format", "this is not the id of a task")]) from error
        await _must_see(request, task_id)

    must_fit(request, most)
    file_id = known.new_id()
    async with known.store.draft(file_id) as draft:
        sent = await received(request, draft, field, most=most)
        if task_id is None:
            raise BodyRefused([FieldError("/task_id", "required", "which task the file belongs to")])
        if known.scanner is not None:
            await known.scanner.must_be_clean(draft.pieces())
        await draft.keep()
    return await _attach(request, file_id, task_id, sent)


async def _attach(request: Req, file_id: UUID, task_id: UUID, sent: Sent) -> Response[bytes]:
    """Once the bytes are durable. Where it stays unknown what became of the command, so do the bytes: the sweeper looks a day later."""
    wish = AttachFile(file_id=file_id, task_id=task_id, name=sent.name, size=sent.size, sha256=sent.sha256, media_type=sent.media_type)
    try:
        answered = await carry_out(request, wish, AttachedFile, status=201, location="/api/v1/files/", body=sent.told + task_id.bytes)
    except Unavailable:
        raise
    except Refused:
        await _drop(request, file_id)
        raise
    if "Idempotent-Replayed" in answered.headers:
        await _drop(request, file_id)
    return answered


async def _drop(request: Req, file_id: UUID) -> None:
    with contextlib.suppress(StoreUnavailable):
        await parts(request).store.drop(file_id)


@query("/api/v1/tasks/{task_id:uuid}/files", needs="files:read", answers=Page[AttachedFile], tags=["files"], limit=LIMIT)
async def list_files(
    request: Req, task_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """The files on a task, in the order they were hung there."""
    await task_is_there(request)
    size, (after,) = limit or DEFAULT_LIMIT, read_cursor(request, cursor, tuple[UUID]) or (FIRST_ID,)
    where = "where task_id = %b and id > %b order by task_id, id limit %b"
    seen = await parts(request).tables.many(FILES, where, (task_id, after, size + 1), fresh)
    shown = [await _shown(request, row) for row in seen.rows[:size]]
    following = write_cursor(request, shown[-1].id) if len(seen.rows) > size else None
    return page(request, shown, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query("/api/v1/files/usage", needs="files:read", answers=Usage, tags=["files"], tagged=True)
async def file_usage(request: Req) -> Response[bytes]:
    """How much room the caller's files take, exactly and at this moment."""
    known, who = parts(request), caller(request)
    shelf, position = await known.log.load(Shelf, shelf_of(who.id or NOBODY))
    return one(request, Usage(shelf.used, known.rules.file_quota, len(shelf.sizes)), version=shelf.version, position=position)


@query("/api/v1/files/{file_id:uuid}", needs="files:read", answers=AttachedFile, tags=["files"])
async def get_file(request: Req, file_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """What is known of a file beside its bytes."""
    await file_is_there(request)
    seen = await parts(request).tables.one(FILES, file_id, fresh)
    if seen.row is None:
        raise NotFound
    return one(request, await _shown(request, seen.row), version=seen.row.version, position=seen.position, stale=seen.stale)


@query(
    "/api/v1/files/{file_id:uuid}/content", needs="files:read", tags=["files"], tagged=True, speaks_json=False,
    responses=BYTES | problems_of(416), further=describe,
)  # fmt: skip
async def get_file_content(request: Req, file_id: FromPath[UUID]) -> Response[Any]:  # noqa: ARG001 — the address names it.
    """The bytes of a file, whole or, with Range, a part of them; always as an attachment."""
    known, (file, position) = parts(request), await file_is_there(request)
    (name,) = await known.names.open(file.uploader_id or NOBODY, file.name)
    return await download(request, known.store, file, name, position)


@remove("/api/v1/files/{file_id:uuid}", needs="files:write", tags=["files"])
async def remove_file(request: Req, file_id: FromPath[UUID]) -> Response[None]:
    """Take a file away for ever: who uploaded it, or who disposes of the task."""
    return await carry_out_silently(request, RemoveFile(file_id=file_id, if_match=if_match(request)))


async def _shown(request: Req, row: FileRow) -> AttachedFile:
    (name,) = await parts(request).names.open(row.uploader_id, row.name)
    return AttachedFile(
        id=row.id,
        version=row.version,
        task_id=row.task_id,
        uploader_id=row.uploader_id,
        name=name,
        size=row.size,
        sha256=row.sha256,
        media_type=row.media_type,
        created_at=row.created_at,
    )
