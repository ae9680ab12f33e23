"""How the members of a project or a team change, for every read model that keeps them."""

from collections.abc import Sequence
from uuid import UUID

from domain.projects import events as e
from domain.shared.event import Event


def members_after(event: Event, members: Sequence[UUID]) -> list[UUID]:
    """The members after one more event, in the order they came."""
    match event:
        case e.ProjectMemberAdded(user_id=user) | e.TeamMemberAdded(user_id=user):
            return [*(one for one in members if one != user), user]
        case e.ProjectMemberRemoved(user_id=user) | e.TeamMemberRemoved(user_id=user):
            return [one for one in members if one != user]
        case e.ProjectReowned(owner_id=owner) | e.TeamReowned(owner_id=owner):
            return [*members] if owner in members else [*members, owner]
    return [*members]
