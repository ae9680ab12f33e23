"""What every event of a task says."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event


class TaskEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a task. `project_id`: the project it is in, where it is in one."""

    at: datetime
    project_id: UUID | None = None
