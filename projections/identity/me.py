"""Who am I: answered from the caller's own stream, so it is never behind and needs no read model."""

from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.identity.role import Role, by_reach
from domain.identity.second_factor import SecondFactor, factor_id
from domain.identity.user import User
from domain.shared.aggregate import Aggregate
from domain.shared.refused import NotFound
from projections.identity.person_keys import PersonKeys

A = TypeVar("A", bound=Aggregate)


class Accounts(Protocol):
    """Where accounts can be loaded from."""

    async def load(self, kind: type[A], stream_id: UUID, /) -> tuple[A, int]:
        """An account, or something of it, and the position of its newest event."""


class Me(msgspec.Struct, frozen=True):
    """The account that calls, and the session it calls in. `role` is the one of `roles` that decides."""

    id: UUID
    email: str
    name: str
    role: Role
    roles: tuple[Role, ...]
    permissions: list[str]
    """What the caller may do, as far as the scopes of the key or token reach."""
    email_verified: bool
    version: int
    session_id: UUID | None
    second_factor: bool = False
    """Whether signing in takes a second factor."""


async def me(log: Accounts, names: PersonKeys, user_id: UUID, session_id: UUID | None, permissions: list[str]) -> tuple[Me, int]:
    """The account and the log position it is shown at (0 while it is being written); raises `NotFound`."""
    user, position = await log.load(User, user_id)
    if not user.exists:
        raise NotFound
    factor, _ = await log.load(SecondFactor, factor_id(user_id))
    email, name = await names.open(user_id, user.email, user.name)
    roles = by_reach(user.roles)
    return Me(user_id, email, name, user.role, roles, permissions, user.verified, user.version, session_id, factor.is_on), position
