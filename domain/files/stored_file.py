"""A file on a task: what is known of it beside its bytes, which never change."""

from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from domain.files.events import FileAttached, FileRemoved
from domain.identity.events import Sealed
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

NAMELESS: Final = Sealed("")
REMOVED: Final = "removed"
UPLOADER_ERASED: Final = "uploader_erased"


class StoredFile(Aggregate, frozen=True, kw_only=True):
    """The id of a file is also the name of its bytes in the store."""

    task_id: UUID | None = None
    uploader_id: UUID | None = None
    name: Sealed = NAMELESS
    size: int = 0
    sha256: str = ""
    media_type: str = ""
    created_at: datetime | None = None
    removed: bool = False

    @property
    def exists(self) -> bool:
        """Whether it was attached: another stream's events make no file."""
        return self.uploader_id is not None

    @property
    def is_there(self) -> bool:
        """Whether its bytes are wanted."""
        return self.exists and not self.removed

    def attach(
        self,
        now: datetime,
        *,
        task_id: UUID,
        uploader_id: UUID,
        name: Sealed,
        size: int,
        sha256: str,
        media_type: str,
        project_id: UUID | None = None,
    ) -> list[Event]:
        """Hang it on a task."""
        attached = FileAttached(
            at=now,
            file_id=self.id,
            task_id=task_id,
            uploader_id=uploader_id,
            project_id=project_id,
            name=name,
            size=size,
            sha256=sha256,
            media_type=media_type,
        )
        return [attached]

    def remove(self, now: datetime, *, reason: str = REMOVED, project_id: UUID | None = None) -> list[Event]:
        """Take it away; done again, nothing new happens."""
        if not self.is_there:
            return []
        about: dict[str, Any] = {"file_id": self.id, "task_id": self.task_id, "uploader_id": self.uploader_id, "project_id": project_id}
        return [FileRemoved(at=now, size=self.size, reason=reason, **about)]

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        match event:
            case FileAttached():
                about = {"task_id": event.task_id, "uploader_id": event.uploader_id, "name": event.name, "size": event.size}
                return self.but(**about, sha256=event.sha256, media_type=event.media_type, created_at=event.at)
            case FileRemoved():
                return self.but(removed=True, name=NAMELESS)
        return self
