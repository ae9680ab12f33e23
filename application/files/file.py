"""Files on tasks: hung there once their bytes are durable, taken away, and forgotten with who uploaded them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from application.files.access import Place
from application.files.policy import quota
from application.shared.command import Command, handles
from application.shared.permissions import Reach, must
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.files.events import FileRemoved
from domain.files.name import plain
from domain.files.shelf import FILES, Shelf, shelf_of
from domain.files.stored_file import UPLOADER_ERASED, StoredFile
from domain.identity.errors import AccountErased
from domain.identity.events import Sealed, UserErased, UserForgotten
from domain.shared.event import Recorded
from domain.shared.refused import Conflict, Forbidden, NotFound
from domain.tasks.audience import Audience

EMPTIED: Final = 200
"""Files that one command takes away: it must not take two seconds (mechanisms A12)."""


class FileIdTaken(Conflict):
    """There is a file of this id already."""


class AttachFile(Command, frozen=True):
    """Hang a file on a task. Its bytes are durable in the store under `file_id`; they are what size, hash and type say."""

    file_id: UUID
    task_id: UUID
    name: str
    size: int
    sha256: str
    media_type: str


class RemoveFile(Command, frozen=True):
    """Take a file away for ever."""

    file_id: UUID
    if_match: int | None = None


class DropBytes(Command, frozen=True):
    """Delete the bytes of a file that was taken away."""

    file_id: UUID


class EmptyShelf(Command, frozen=True):
    """Take away files of an erased person, as many as one decision holds."""

    uploader_id: UUID


class AttachedFile(msgspec.Struct, frozen=True):
    """A file as its uploader is told of it, with its name in clear."""

    id: UUID
    version: int
    task_id: UUID
    uploader_id: UUID
    name: str
    size: int
    sha256: str
    media_type: str
    created_at: datetime


@handles(AttachFile)
async def attach_file(command: AttachFile, ports: Ports) -> AttachedFile:
    """Raises `NotFound`, `Forbidden`, `ProjectArchived`, `QuotaExceeded`, `AccountErased`."""
    place = await Place.find(ports, command.task_id)
    if ports.caller.id is None:
        raise Forbidden
    place.must_attach()
    uploader_id, name = ports.caller.id, plain(command.name)
    shelf = await ports.log.load(Shelf, shelf_of(uploader_id))
    file = await ports.log.load(StoredFile, command.file_id)
    if file.version:
        raise FileIdTaken
    ports.log.stage(shelf, *shelf.take(uploader_id, file.id, command.size, quota(ports), ports.now))
    facts = file.attach(
        ports.now,
        task_id=command.task_id,
        uploader_id=uploader_id,
        project_id=place.task.project_id,
        name=await _sealed(ports, uploader_id, name),
        size=command.size,
        sha256=command.sha256,
        media_type=command.media_type,
    )
    file = ports.log.stage(file, *facts)
    about: dict[str, Any] = {one: getattr(file, one) for one in AttachedFile.__struct_fields__}
    return AttachedFile(**about | {"name": name})


@handles(RemoveFile)
async def remove_file(command: RemoveFile, ports: Ports) -> None:
    """Raises `NotFound` (also the second time), `Forbidden`, `PreconditionFailed`, `ProjectArchived`."""
    must(ports.caller, "files:write")
    file = await ports.log.load(StoredFile, command.file_id)
    if not file.is_there or file.task_id is None:
        raise NotFound
    place = await Place.find(ports, file.task_id)
    place.must_remove(file, ports.caller.id)
    project_id = place.task.project_id
    await ports.log.change(StoredFile, file.id, lambda file: file.remove(ports.now, project_id=project_id), if_match=command.if_match)
    await _free(ports, file)


@handles(DropBytes)
async def drop_bytes(command: DropBytes, ports: Ports) -> None:
    """Only those of a file that was taken away; raises `StoreUnavailable`."""
    _must_be_daybook(ports)
    if (await ports.log.load(StoredFile, command.file_id)).removed:
        await ports.outside.store.drop(command.file_id)


@handles(EmptyShelf)
async def empty_shelf(command: EmptyShelf, ports: Ports) -> None:
    """Done again, it finds the next ones, what was uploaded at the last moment, or nothing."""
    _must_be_daybook(ports)
    shelf = await ports.log.load(Shelf, shelf_of(command.uploader_id))
    files = await ports.log.load_many(StoredFile, list(shelf.sizes)[:EMPTIED])
    tasks = await ports.log.load_many(Audience, [file.task_id or file.id for file in files])
    for file, task in zip(files, tasks, strict=True):
        ports.log.stage(file, *file.remove(ports.now, reason=UPLOADER_ERASED, project_id=task.project_id))
        await _free(ports, file)


@reacts("files.drop_bytes", FileRemoved)
def bytes_go_too(recorded: Recorded[FileRemoved]) -> list[Command]:
    """First the fact, then the bytes: what is lost in between the sweeper finds."""
    return [DropBytes(file_id=recorded.event.file_id)]


@reacts("files.erased", UserErased, UserForgotten)
def files_go_with_their_uploader(recorded: Recorded[Any]) -> list[Command]:
    """At once, and again when requests that were under way have ended; so often that nobody can have more."""
    return [EmptyShelf(uploader_id=recorded.event.user_id)] * (FILES // EMPTIED + 1)


async def _free(ports: Ports, file: StoredFile) -> None:
    if file.uploader_id is not None:
        shelf = await ports.log.load(Shelf, shelf_of(file.uploader_id))
        ports.log.stage(shelf, *shelf.free(file.uploader_id, file.id, ports.now))


async def _sealed(ports: Ports, person_id: UUID, name: str) -> Sealed:
    key = await ports.log.secret("person_key", person_id)
    if key is None:
        raise AccountErased
    return Sealed(ports.sealing.seal_personal(key, person_id, name).decode("ascii"))


def _must_be_daybook(ports: Ports) -> None:
    if must(ports.caller, "files:write") is not Reach.ALL or ports.caller.id is not None:
        raise Forbidden
