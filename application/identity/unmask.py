"""Seeing who somebody is, for a reason that stays in the history of their account."""

from uuid import UUID

from application.identity.personal import Person, opened
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.events import PersonalDataUnmasked
from domain.identity.user import User


class UnmaskPersonalData(Command, frozen=True):
    """Show an auditor or administrator the name and e-mail of a person."""

    user_id: UUID
    reason: str


@handles(UnmaskPersonalData)
async def unmask_personal_data(command: UnmaskPersonalData, ports: Ports) -> Person:
    """Raises `InsufficientRole`, `NotFound`. Of an erased person there is nothing left to show."""
    must(ports.caller, "users:unmask")
    seen = PersonalDataUnmasked(user_id=command.user_id, reason=command.reason)
    return await opened(ports, await ports.log.change(User, command.user_id, lambda user: [] if user.erased else [seen]))
