"""Who did what with a task, when, from what to what: one row per change, told from single events without other state."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET

from domain.files import events as f
from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import Status
from projections.shared.read_model import ReadModel, Row, read_model

_json: Final = msgspec.json.Encoder().encode
SYSTEM: Final = "system"
IS_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EDITS: Final = {b'{"priority":': "priority_changed", b'{"due_date":': "due_date_changed"}
ACTIVITIES: Final = dict.fromkeys(("status_change", "reopen", "retry", "send_back"), "status_changed") | {
    "initial_assign": "assignee_added",
    "assignee_change": "assignee_changed",
}
"""Where they differ from the kind of change."""
CLOCKS: Final = {"overdue": "overdue-clock", "retry": "retry-clock", "status_change": "expiry-sweeper"}
"""What of Daybook itself does these; all else that nobody asked for follows from an account that was erased."""
Key = tuple[UUID, int, int]
Change = tuple[str, Any, Any, str | None]
"""Kind of change, from what, to what, and why where somebody said so."""


class HistoryRow(Row, frozen=True, gc=False):
    """One change. `performed_by` is the id of an account, or `system` for the clock and reactions."""

    id: UUID
    task_id: UUID
    position: int
    ordinal: int
    """Of the changes that one event made, from 0."""
    version: int | None
    """Of the task after it; none for what hangs on a task: comments, files."""
    action_type: str
    from_value: msgspec.Raw | None
    to_value: msgspec.Raw | None
    reason: str | None
    performed_by: str
    created_at: datetime

    @property
    def actor_id(self) -> UUID | None:
        """The account that did it; none for Daybook itself."""
        return UUID(self.performed_by) if IS_ID.fullmatch(self.performed_by) else None

    @property
    def system_name(self) -> str:
        """What of Daybook itself did it, where no account did (requirement S3-C07)."""
        return CLOCKS.get(self.action_type, "erasure")

    @property
    def activity(self) -> str:
        """What kind of thing happened, in the words of activity feeds (requirement S4-C09)."""
        if self.action_type == "edit":
            return next((word for name, word in EDITS.items() if self.to_value is not None and bytes(self.to_value).startswith(name)), "updated")
        return ACTIVITIES.get(self.action_type, self.action_type)


def changes(event: object) -> Iterator[Change]:  # noqa: C901, PLR0912 — one line per kind of event.
    """What an event changed, as people want to read it."""
    match event:
        case e.TaskCreated():
            yield "created", None, Status.PENDING, None
        case e.TaskAssigned(node_id=node, previous_node_id=previous, from_status=status, retry=retry):
            yield "initial_assign" if previous is None else "retry" if retry else "assignee_change", previous, node, None
            if status is not Status.PENDING:
                yield "status_change", status, Status.PENDING, None
        case e.TaskClaimed() | e.TaskStarted():
            yield "status_change", Status.PENDING, Status.IN_PROGRESS, None
        case e.TaskCompleted(from_status=status):
            yield "status_change", status, Status.COMPLETED, None
        case e.TaskFailed(from_status=status, reason=reason, error=error):
            yield "status_change", status, Status.FAILED, error or reason
        case e.TaskRetried():
            yield "retry", Status.FAILED, Status.PENDING, None
        case e.TaskReopened(reason=reason, from_status=status):
            yield "reopen", status, Status.PENDING, reason
        case e.TaskSubmitted(from_status=status):
            yield "status_change", status, Status.IN_REVIEW, None
        case e.TaskSentBack(reason=reason):
            yield "send_back", Status.IN_REVIEW, Status.IN_PROGRESS, reason
        case e.TaskCancelled(from_status=status, reason=reason):
            yield "status_change", status, Status.CANCELLED, reason
        case e.TaskBecameOverdue(due_date=due):
            yield "overdue", None, due, None
        case e.TaskAssigneeAdded(user_id=user):
            yield "assignee_added", None, user, None
        case e.TaskAssigneeRemoved(user_id=user):
            yield "assignee_removed", user, None, None
        case e.TaskWatcherAdded(user_id=user):
            yield "watcher_added", None, user, None
        case e.TaskWatcherRemoved(user_id=user):
            yield "watcher_removed", user, None, None
        case e.TaskMoved(from_project_id=old, project_id=new):
            yield "project_change", old, new, None
        case e.TaskReowned(previous_owner_id=old, owner_id=new):
            yield "owner_change", old, new, None
        case e.TaskEdited(before=before, after=after):
            for name in after.__struct_fields__:
                if getattr(after, name) is not UNSET:
                    yield "edit", {name: getattr(before, name)}, {name: getattr(after, name)}, None
        case e.TaskProgressed(note=note, progress=progress):
            yield "progress", None, None if progress is UNSET else progress, note
        case e.TaskDeleted():
            yield "deletion", None, None, None
        case e.TaskRestored():
            yield "restoration", None, None, None
        case _:
            yield from _hanging_on_it(event)


def _hanging_on_it(event: object) -> Iterator[Change]:
    match event:
        case f.FileAttached(file_id=file):
            yield "attachment_added", None, file, None
        case f.FileRemoved(file_id=file, reason=reason):
            yield "attachment_removed", file, None, reason
        case e.CommentPosted(comment_id=comment):
            yield "comment_added", None, comment, None
        case e.CommentEdited(comment_id=comment):
            yield "comment_edited", comment, comment, None
        case e.CommentDeleted(comment_id=comment):
            yield "comment_deleted", comment, None, None


def keys(recorded: Recorded[Any]) -> tuple[Key, ...]:
    """One key per change the event made."""
    count = 1
    if isinstance(recorded.event, e.TaskAssigned | e.TaskEdited):
        count = sum(1 for _ in changes(recorded.event))
    return tuple((_task_of(recorded), recorded.position, ordinal) for ordinal in range(count))


def _task_of(recorded: Recorded[Any]) -> UUID:
    event = recorded.event
    return event.task_id if isinstance(event, e.CommentEvent | f.FileEvent) else recorded.stream_id


def fold(key: Key, row: HistoryRow | None, recorded: Recorded[Any]) -> HistoryRow | None:
    """The row of this change; nothing else ever touches it."""
    task_id, position, ordinal = key
    version = recorded.version if recorded.stream_id == task_id else None
    for nth, (action, old, new, reason) in enumerate(changes(recorded.event)):
        if nth == ordinal:
            return HistoryRow(
                id=uuid5(recorded.stream_id, f"{recorded.version}/{ordinal}"),
                task_id=task_id,
                position=position,
                ordinal=ordinal,
                version=version,
                action_type=action,
                from_value=None if old is None else msgspec.Raw(_json(old)),
                to_value=None if new is None else msgspec.Raw(_json(new)),
                reason=reason,
                performed_by=SYSTEM if recorded.actor_id is None else str(recorded.actor_id),
                created_at=recorded.recorded_at,
            )
    return row


TASK_HISTORY: Final = read_model(
    ReadModel(
        name="task_history",
        version=3,
        store="postgres",
        row=HistoryRow,
        key=("task_id", "position", "ordinal"),
        listens=(
            e.TaskCreated,
            e.TaskAssigned,
            e.TaskClaimed,
            e.TaskStarted,
            e.TaskCompleted,
            e.TaskFailed,
            e.TaskRetried,
            e.TaskReopened,
            e.TaskEdited,
            e.TaskProgressed,
            e.TaskDeleted,
            e.TaskRestored,
            e.TaskSubmitted,
            e.TaskSentBack,
            e.TaskCancelled,
            e.TaskBecameOverdue,
            e.TaskAssigneeAdded,
            e.TaskAssigneeRemoved,
            e.TaskWatcherAdded,
            e.TaskWatcherRemoved,
            e.TaskMoved,
            e.TaskReowned,
            e.CommentPosted,
            e.CommentEdited,
            e.CommentDeleted,
            f.FileAttached,
            f.FileRemoved,
        ),
        keys=keys,
        fold=fold,
        appends=True,
    )
)
