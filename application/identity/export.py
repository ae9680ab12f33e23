"""Giving a person all that is kept about them; that they were given it is a fact."""

from application.identity.personal import Person, account, caller_id, opened
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.events import PersonalDataExported
from domain.identity.user import User
from domain.shared.refused import InsufficientScope


class ExportPersonalData(Command, frozen=True):
    """Begin the export of the caller's own data."""


@handles(ExportPersonalData)
async def export_personal_data(_: ExportPersonalData, ports: Ports) -> Person:
    """Raises `InsufficientScope` for keys and programs, whatever their scopes: only the person themselves is given everything."""
    must(ports.caller, "self:read")
    if ports.caller.scopes is not None:
        raise InsufficientScope
    user = await account(ports, caller_id(ports))
    return await opened(ports, await ports.log.change(User, user.id, lambda user: [PersonalDataExported(user_id=user.id)]))
