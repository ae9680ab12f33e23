"""Who am I: answered from the caller's own stream, so it is never behind and needs no read model."""

from typing import Protocol
from uuid import UUID

import msgspec

from domain.identity.role import Role
from domain.identity.user import User
from domain.shared.refused import NotFound
from projections.identity.person_keys import PersonKeys


class Accounts(Protocol):
    """Where accounts can be loaded from."""

    async def load(self, kind: type[User], stream_id: UUID, /) -> tuple[User, int]:
        """An account and the position of its newest event."""


class Me(msgspec.Struct, frozen=True):
    """The account that calls, and the session it calls in."""

    id: UUID
    email: str
    name: str
    role: Role
    version: int
    session_id: UUID | None


async def me(log: Accounts, names: PersonKeys, user_id: UUID, session_id: UUID | None) -> tuple[Me, int]:
    """The account and the log position it is shown at (0 while it is being written); raises `NotFound`."""
    user, position = await log.load(User, user_id)
    if user.version == 0:
        raise NotFound
    email, name = await names.open(user_id, user.email, user.name)
    return Me(user_id, email, name, user.role, user.version, session_id), position
