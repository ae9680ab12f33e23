"""Keeping count of administrators together with the facts that make and unmake them."""

from uuid import UUID

from application.shared.ports import Ports
from domain.identity.admins import ADMINS, Admins
from domain.identity.user import User


async def appoint(ports: Ports, user_id: UUID) -> None:
    """Stage that an account can administer from now on."""
    admins = await ports.log.load(Admins, ADMINS)
    ports.log.stage(admins, *admins.appoint(user_id))


async def dismiss(ports: Ports, user_id: UUID) -> None:
    """Stage that an account can no longer administer, if it could; raises `LastAdmin`."""
    admins = await ports.log.load(Admins, ADMINS)
    ports.log.stage(admins, *admins.dismiss(user_id))


async def follow(ports: Ports, user: User) -> None:
    """Appoint or dismiss an account according to what it can do now; raises `LastAdmin`."""
    await (appoint if user.administers else dismiss)(ports, user.id)
