"""Who am I: answered from the caller's own stream, so it is never behind and needs no read model."""

from uuid import UUID

from application.identity.personal import Person, in_clear
from application.shared.ports import Log, Sealing
from domain.identity.user import User
from domain.shared.refused import NotFound


async def me(log: Log, sealing: Sealing, user_id: UUID) -> tuple[Person, int]:
    """The person and the version of their account; raises `NotFound`."""
    user, _ = await log.load(User, user_id)
    if user.version == 0:
        raise NotFound
    kept = await log.secret("person_key", user_id)
    key = None if kept is None else sealing.open("person_key", user_id, kept)
    return in_clear(user, key, sealing), user.version
