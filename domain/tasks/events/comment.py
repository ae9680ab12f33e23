"""What can happen to a comment on a task. Each comment is a stream of its own."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event, recorded_as


class CommentEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a comment. `project_id`: the project its task is in, where it is in one."""

    at: datetime
    comment_id: UUID
    task_id: UUID
    author_id: UUID
    project_id: UUID | None = None


@recorded_as("comment.posted")
class CommentPosted(CommentEvent, frozen=True, kw_only=True):
    """Somebody said something about a task. Everybody in `mentions` could see the task at that moment."""

    text: str
    mentions: tuple[UUID, ...] = ()
    reply_to: UUID | None = None


@recorded_as("comment.edited")
class CommentEdited(CommentEvent, frozen=True, kw_only=True):
    """The author says it in other words. `newly_mentioned`: those in `mentions` who were not mentioned before."""

    text: str
    mentions: tuple[UUID, ...] = ()
    newly_mentioned: tuple[UUID, ...] = ()


@recorded_as("comment.deleted")
class CommentDeleted(CommentEvent, frozen=True, kw_only=True):
    """It was taken back, by its author or by who runs the project."""
