"""What was said about each task: one row per comment that was not taken back."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import field
from msgspec.structs import replace

from domain.shared.event import Recorded
from domain.tasks import events as e
from projections.shared.read_model import ReadModel, Row, read_model


class CommentRow(Row, frozen=True, gc=False):
    """A comment as clients see it."""

    id: UUID
    version: int
    task_id: UUID
    author_id: UUID
    text: str
    created_at: datetime
    mentions: list[UUID] = field(default_factory=list)
    reply_to: UUID | None = None
    edited_at: datetime | None = None


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The comment itself."""
    return (recorded.stream_id,)


def fold(key: UUID, row: CommentRow | None, recorded: Recorded[Any]) -> CommentRow | None:
    """The comment after one more event; none once it is deleted."""
    event = recorded.event
    match event:
        case e.CommentPosted():
            return CommentRow(
                id=key,
                version=recorded.version,
                task_id=event.task_id,
                author_id=event.author_id,
                text=event.text,
                created_at=event.at,
                mentions=list(event.mentions),
                reply_to=event.reply_to,
            )
        case e.CommentEdited() if row is not None:
            return replace(row, version=recorded.version, text=event.text, mentions=list(event.mentions), edited_at=event.at)
    return None


COMMENTS: Final = read_model(
    ReadModel(
        name="comments",
        version=1,
        store="postgres",
        row=CommentRow,
        key=("id",),
        listens=(e.CommentPosted, e.CommentEdited, e.CommentDeleted),
        keys=keys,
        fold=fold,
        indexes=("task_id, id",),
        key_is_stream=True,
    )
)
