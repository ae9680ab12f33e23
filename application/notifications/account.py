"""What people are told about their account in the app, beside what `reactions.py` has them told by mail."""

from typing import Any
from uuid import UUID

from application.notifications.telling import News, tell
from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.identity import events as e
from domain.identity.events import RoleGranted, RoleRevoked
from domain.notifications.kind import Kind
from domain.shared.event import Recorded

OPENING = 2
"""An account's first role comes with it, as the second event of its stream, and is no news."""


class NotifyOfRole(Command, frozen=True):
    """Tell somebody that an administrator gave or took them a role."""

    user_id: UUID
    role: str
    granted: bool
    actor_id: UUID | None = None


@handles(NotifyOfRole)
async def notify_of_role(command: NotifyOfRole, ports: Ports) -> None:
    """As news of the system."""
    title = f"You {'have a new role' if command.granted else 'no longer have the role'}: {command.role}"
    change = "role_granted" if command.granted else "role_revoked"
    news = News(kind=Kind.SYSTEM, title=title, change=change, facts={"role": command.role}, actor_id=command.actor_id)
    await tell(ports, [command.user_id], news)


@reacts("notifications.roles", RoleGranted, RoleRevoked)
def roles(recorded: Recorded[Any]) -> list[Command]:
    """Not what an account begins with, nor what somebody does to themselves."""
    event = recorded.event
    if recorded.version <= OPENING or recorded.actor_id == event.user_id:
        return []
    granted = isinstance(event, e.RoleGranted)
    return [NotifyOfRole(user_id=event.user_id, role=event.role.value, granted=granted, actor_id=recorded.actor_id)]
