"""Live: projects and teams, and who belongs to them."""

from typing import Final
from uuid import UUID

from api.live.channel import Kind, channel
from api.live.tell import Happened, Told, small, tells
from application.shared.context import Caller
from application.shared.permissions import Reach, reach
from application.shared.seats import seated
from application.shared.task_sight import LoadsAny
from domain.projects import events as e
from domain.projects.membership import Membership
from domain.shared.event import Event


async def sees_project(caller: Caller, project_id: UUID, load: LoadsAny) -> bool:
    """Whether somebody may follow a project: its members, those of its team, and who may read all; with a key that may read tasks, too."""
    if reach(caller, "tasks:read") is Reach.NONE:
        return False  # What happens in a project happens to its tasks.

    async def membership(membership_id: UUID) -> Membership:
        return await load(Membership, membership_id)

    project, role = await seated(project_id, caller.id, membership)
    return project.exists and (role is not None or reach(caller, "projects:read") is Reach.ALL)


PROJECTS: Final = channel(Kind("projects", "Projects and teams that I am a member of.", "projects:read"))
PROJECT: Final = channel(Kind("project", "One project and everything that happens to its tasks.", "projects:read", sees=sees_project))


def removed(event: Event) -> UUID | None:
    """Who is no member any more."""
    return event.user_id if isinstance(event, e.ProjectMemberRemoved | e.TeamMemberRemoved) else None


@tells(e.ProjectEvent, circle=Membership, removes=removed)
def project(happened: Happened) -> Told | None:
    """To its members: also to who was just taken off it."""
    event, stream = happened.recorded.event, happened.recorded.stream_id
    members = happened.before.members.keys() | happened.after.members.keys()
    return Told(stream, small(event, "project_id"), {PROJECT.topic(stream), *PROJECTS.topics(*members)})


@tells(e.TeamEvent, but=(e.TeamProjectListed, e.TeamProjectUnlisted), circle=Membership, removes=removed)
def team(happened: Happened) -> Told | None:
    """To its members; which projects a team has stands in another stream and is told of the projects themselves."""
    event, stream = happened.recorded.event, happened.recorded.stream_id
    members = happened.before.members.keys() | happened.after.members.keys()
    return Told(stream, small(event, "team_id"), PROJECTS.topics(*members))
