"""What a person is called."""

from uuid import UUID

from application.identity.personal import Person, account, in_clear, opened, sealed_for
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.person import valid_name
from domain.identity.user import User


class RenameUser(Command, frozen=True):
    """Call a person otherwise: oneself, or as an administrator anybody."""

    user_id: UUID
    name: str
    if_match: int | None = None


@handles(RenameUser)
async def rename_user(command: RenameUser, ports: Ports) -> Person:
    """The same name is no news. Raises `InsufficientRole`, `NotFound`, `InvalidName`, `PreconditionFailed`, `AccountErased`."""
    must(ports.caller, "self:write" if command.user_id == ports.caller.id else "users:manage")
    before = await account(ports, command.user_id)
    name = valid_name(command.name)
    wanted = before.name if (name,) == await in_clear(ports, before.id, before.name) else await sealed_for(ports, before.id, name)
    user = await ports.log.change(User, before.id, lambda user: user.rename(wanted), if_match=command.if_match)
    return await opened(ports, user)
