"""Whether the caller sees a project at this moment; asked wherever something of a project is shown."""

from uuid import UUID

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.request import Req
from application.shared.permissions import Reach, reach
from application.shared.seats import seated
from domain.projects.membership import Membership
from domain.shared.refused import Hidden, NotFound


async def must_see_project(request: Req, project_id: UUID) -> Membership:
    """The project, if it is there for the caller; raises `NotFound`."""
    log, who = parts(request).log, caller(request)

    async def load(membership_id: UUID) -> Membership:
        return (await log.load(Membership, membership_id))[0]

    project, role = await seated(project_id, who.id, load)
    if not project.exists:
        raise NotFound
    if role is None and reach(who, "projects:read") is not Reach.ALL:
        raise Hidden
    return project
