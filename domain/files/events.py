"""What can happen to a file on a task, and to the room its uploader has. The bytes themselves are in no event."""

from datetime import datetime
from uuid import UUID

from domain.identity.events import Sealed
from domain.shared.event import Event, recorded_as


class FileEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a file. `project_id`: the project its task is in, where it is in one."""

    at: datetime
    file_id: UUID
    task_id: UUID
    uploader_id: UUID
    project_id: UUID | None = None


@recorded_as("file.attached")
class FileAttached(FileEvent, frozen=True, kw_only=True):
    """A file hangs on a task; its bytes were durable before. `name` is sealed with the uploader's key; `sha256` in hex."""

    name: Sealed
    size: int
    sha256: str
    media_type: str


@recorded_as("file.removed")
class FileRemoved(FileEvent, frozen=True, kw_only=True):
    """It is gone, and its bytes go: `removed` by somebody, or because its `uploader_erased` the account."""

    size: int
    reason: str = "removed"


class ShelfEvent(Event, frozen=True, kw_only=True):
    """Something that happened to the room one person has for files; `size` in bytes."""

    at: datetime
    uploader_id: UUID
    file_id: UUID
    size: int


@recorded_as("storage.taken")
class StorageTaken(ShelfEvent, frozen=True, kw_only=True):
    """A file needs room."""


@recorded_as("storage.freed")
class StorageFreed(ShelfEvent, frozen=True, kw_only=True):
    """A file needs no room any more."""
