"""Who may see a task, and what hangs on one, over HTTP."""

from uuid import UUID

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.request import Req
from application.shared.task_sight import Seen, must_see, seat
from domain.projects.membership import Membership


async def must_see_task(request: Req, task: Seen) -> None:
    """Raises `NotFound` unless the caller may see this task, by what project and team say at this moment."""
    log, who = parts(request).log, caller(request)

    async def load(membership_id: UUID) -> Membership:
        return (await log.load(Membership, membership_id))[0]

    must_see(task, who, await seat(task, who.id, load))
