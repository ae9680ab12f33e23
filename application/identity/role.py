"""Giving roles to accounts, and taking them away."""

from uuid import UUID

from application.identity.admins import follow
from application.identity.personal import Person, opened
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.role import Role
from domain.identity.user import User


class GrantRole(Command, frozen=True):
    """Give an account a role beside those it has; it acts within a second."""

    user_id: UUID
    role: Role


class RevokeRole(Command, frozen=True):
    """Take a role from an account; it acts within a second."""

    user_id: UUID
    role: Role


@handles(GrantRole)
async def grant_role(command: GrantRole, ports: Ports) -> Person:
    """Told twice, nothing new happens; raises `InsufficientRole`, `NotFound`, `AccountErased`."""
    must(ports.caller, "users:manage")
    user = await ports.log.change(User, command.user_id, lambda user: user.grant(command.role))
    await follow(ports, user)
    return await opened(ports, user)


@handles(RevokeRole)
async def revoke_role(command: RevokeRole, ports: Ports) -> Person:
    """Told twice, nothing new happens; raises `InsufficientRole`, `NotFound`, `AccountErased`, `LastAdmin`."""
    must(ports.caller, "users:manage")
    user = await ports.log.change(User, command.user_id, lambda user: user.revoke(command.role))
    await follow(ports, user)
    return await opened(ports, user)
