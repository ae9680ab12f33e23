"""Who may do what with the files on a task. Whoever sees the task reads them; whoever works on it hangs more on it; taking one away is for
who uploaded it or disposes of the task. Nothing changes in an archived project.
"""

from typing import Self
from uuid import UUID

import msgspec

from application.shared.permissions import Reach, must
from application.shared.ports import Ports
from application.shared.task_sight import Say, must_see, say, seat
from domain.files.stored_file import StoredFile
from domain.projects.membership import Membership
from domain.shared.conflicts import ProjectArchived
from domain.shared.refused import Forbidden, NotFound
from domain.tasks.audience import Audience


class Place(msgspec.Struct, frozen=True):
    """A task that the caller sees, as the place of its files; `said` is how much the caller has to say there."""

    task: Audience
    said: Say
    reached: Reach
    archived: bool

    @classmethod
    async def find(cls, ports: Ports, task_id: UUID) -> Self:
        """Raises `InsufficientRole`, `InsufficientScope`, `NotFound`."""
        reached = must(ports.caller, "files:write")

        async def load(membership_id: UUID) -> Membership:
            return await ports.log.load(Membership, membership_id)

        task = await ports.log.load(Audience, task_id)
        if not task.exists:
            raise NotFound
        role = await seat(task, ports.caller.id, load)
        must_see(task, ports.caller, role)
        archived = task.project_id is not None and (await load(task.project_id)).archived
        return cls(task, say(task, ports.caller, role), reached, archived)

    def must_attach(self) -> None:
        """Raises `Forbidden` for who only sees the task, `ProjectArchived`."""
        self._must(self.said >= Say.WORKS)

    def must_remove(self, file: StoredFile, caller_id: UUID | None) -> None:
        """Raises `Forbidden` for who neither uploaded the file nor disposes of the task, `ProjectArchived`."""
        self._must(self.said is Say.DISPOSES or file.uploader_id == caller_id)

    def _must(self, may: bool) -> None:  # noqa: FBT001 — the one thing it is about.
        if not may and self.reached is not Reach.ALL:
            raise Forbidden
        if self.archived:
            raise ProjectArchived
