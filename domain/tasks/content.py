"""What a task says: creating, editing, hiding it, and that its due date has passed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from domain.shared.event import Event
from domain.tasks import events as e
from domain.tasks import limits
from domain.tasks.errors import TaskNotEditable
from domain.tasks.state import TaskState
from domain.tasks.status import OPEN, Priority, Status


class TaskContent(TaskState, frozen=True, kw_only=True):
    """A task as something to read, whoever works on it."""

    def create(
        self,
        now: datetime,
        *,
        owner_id: UUID,
        title: str,
        description: str | None = None,
        payload: Any = None,
        priority: Priority = Priority.MEDIUM,
        external_id: str | None = None,
        due_date: datetime | None = None,
        max_attempts: int = 1,
        retry_seconds: int = 60,
        tags: Sequence[str] = (),
        project_id: UUID | None = None,
    ) -> list[Event]:
        """Begin the task; raises `Invalid` naming every field that does not fit. A due date may have passed (imports)."""
        title = title.strip()
        limits.refuse(
            limits.content(title=title, description=description, payload=payload, due_date=due_date, tags=tags)
            + limits.text("/external_id", external_id, limits.EXTERNAL_ID, least=1)
            + limits.number("/max_attempts", max_attempts, 1, limits.ATTEMPTS)
            + limits.number("/retry_seconds", retry_seconds, 1, limits.RETRY_SECONDS)
        )
        created = e.TaskCreated(
            at=now,
            owner_id=owner_id,
            title=title,
            description=description,
            payload=payload,
            priority=priority,
            external_id=external_id,
            due_date=limits.utc(due_date),
            max_attempts=max_attempts,
            retry_seconds=retry_seconds,
            tags=limits.each_once(tags),
            project_id=project_id,
        )
        return [created]

    def note(self, text: str, now: datetime) -> list[Event]:
        """Something worth noting, whatever its status."""
        return [e.TaskProgressed(at=now, note=limits.said("/note", text))]

    def edit(self, fields: e.Fields, now: datetime) -> list[Event]:
        """Change some fields (UNSET: unchanged); a payload is replaced as a whole. A node's task only while it is pending."""
        asked = {name: value for name, value in msgspec.structs.asdict(fields).items() if value is not UNSET}
        if "title" in asked:
            asked["title"] = asked["title"].strip()
        limits.refuse(limits.content(**{name: value for name, value in asked.items() if name != "priority"}))
        if asked.get("due_date") is not None:
            asked["due_date"] = limits.utc(asked["due_date"])
        if "tags" in asked:
            asked["tags"] = limits.each_once(asked["tags"])
        if self.assigned_node_id is not None and self.status is not Status.PENDING:
            raise TaskNotEditable
        new = {name: value for name, value in asked.items() if not limits.same(value, getattr(self, name))}
        if not new:
            return []
        old = {name: getattr(self, name) for name in new}
        edited = e.TaskEdited(at=now, before=e.Fields(**old), after=e.Fields(**new), is_open=self.status in OPEN)
        return [edited, *self.after(edited).become_overdue(now)]

    def tag(self, add: Sequence[str], remove: Sequence[str], now: datetime) -> list[Event]:
        """Add tags to those it has, or take some away."""
        gone = limits.each_once(remove)
        return self.edit(e.Fields(tags=tuple(tag for tag in (*self.tags, *add) if tag.strip().lower() not in gone)), now)

    def delete(self, now: datetime) -> list[Event]:
        """Hide it; whoever works on it has lost it."""
        return [] if self.deleted else [e.TaskDeleted(at=now, owner_id=self.owner_id)]

    def restore(self, now: datetime) -> list[Event]:
        """Bring it back as it was; overdue at once where its due date passed meanwhile."""
        if not self.deleted:
            return []
        restored = e.TaskRestored(
            at=now,
            status=self.status,
            priority=self.priority,
            node_id=self.assigned_node_id,
            token=self.token,
            lock_expires_at=self.lock_expires_at,
            attempt=self.attempts,
            retry_at=self.retry_at,
            due_date=self._due_to_come,
        )
        return [restored, *self.after(restored).become_overdue(now)]

    def become_overdue(self, now: datetime) -> list[Event]:
        """Say that the due date has passed, once for each due date; what is done, hidden or not due yet is not overdue."""
        if self.deleted or self.overdue_told or self.status not in OPEN or self.due_date is None or now < self.due_date:
            return []
        return [e.TaskBecameOverdue(at=now, due_date=self.due_date)]

    @property
    def _due_to_come(self) -> datetime | None:
        return None if self.overdue_told else self.due_date
