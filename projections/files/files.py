"""The files on each task, their names still sealed; and how much room each uploader's files take."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.files.events import FileAttached, FileRemoved
from domain.shared.event import Recorded
from projections.shared.read_model import ReadModel, Row, read_model


class FileRow(Row, frozen=True, gc=False):
    """A file that is there. `size` in bytes; `name` sealed with the uploader's key."""

    id: UUID
    version: int
    task_id: UUID
    uploader_id: UUID
    name: str
    size: int
    sha256: str
    media_type: str
    created_at: datetime


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The file itself."""
    return (recorded.stream_id,)


def fold(key: UUID, _: FileRow | None, recorded: Recorded[Any]) -> FileRow | None:
    """The file after one more event; none once it was removed."""
    event = recorded.event
    if not isinstance(event, FileAttached):
        return None
    return FileRow(
        id=key,
        version=recorded.version,
        task_id=event.task_id,
        uploader_id=event.uploader_id,
        name=event.name,
        size=event.size,
        sha256=event.sha256,
        media_type=event.media_type,
        created_at=event.at,
    )


FILES: Final = read_model(
    ReadModel(
        name="files",
        version=1,
        store="postgres",
        row=FileRow,
        key=("id",),
        listens=(FileAttached, FileRemoved),
        keys=keys,
        fold=fold,
        indexes=("task_id, id",),
        key_is_stream=True,
    )
)
