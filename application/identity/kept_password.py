"""The password of an account as it is kept: its hash in the vault, beside the fact that it changed."""

from uuid import UUID

from application.identity.typed import Typed
from application.shared.ports import Lost, Ports
from domain.identity.user import User


async def keep_password(ports: Ports, user_id: UUID, typed: Typed) -> None:
    """Stage another password. After the slow hashing the decision is taken again (`Lost`): the moment it names, up to which sessions
    end, must be that of now, or a sign-in with the old password that began meanwhile would outlive it.
    """
    if not typed.is_hashed:
        await typed.hash(ports.passwords)
        raise Lost
    ports.log.keep("password", user_id, await typed.hash(ports.passwords))


async def keep_at_todays_cost(ports: Ports, user: User, typed: Typed, hashed: bytes) -> User:
    """Stage the hash of a password that fitted anew, where it was made at another cost; the account after that.

    `user` must have been loaded before the hash was read: then a change of the password meanwhile makes this decision one to take again.
    """
    if not ports.passwords.needs_rehash(hashed):
        return user
    anew = await typed.hash(ports.passwords)
    if await ports.log.secret("password", user.id) != hashed:
        raise Lost
    ports.log.keep("password", user.id, anew)
    return ports.log.stage(user, *user.rehash_password())
