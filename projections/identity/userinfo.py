"""What a program may know of the person it acts for (OpenID Connect Core, 5.1, 5.4)."""

from typing import Any
from uuid import UUID

import msgspec

from domain.identity.user import User
from domain.shared.refused import NotFound
from projections.identity.me import Accounts
from projections.identity.person_keys import PersonKeys


class UserInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """`name` with the scope `profile`, the e-mail with `email`."""

    sub: UUID
    name: str | None = None
    email: str | None = None
    email_verified: bool | None = None


async def user_info(log: Accounts, names: PersonKeys, user_id: UUID, scopes: frozenset[str] | None) -> UserInfo:
    """As much as the scopes allow, all for a person's own session (None); raises `NotFound`."""
    user, _ = await log.load(User, user_id)
    if user.version == 0:
        raise NotFound
    email, name = await names.open(user_id, user.email, user.name)
    told: dict[str, Any] = {}
    if scopes is None or "profile" in scopes:
        told |= {"name": name}
    if (scopes is None or "email" in scopes) and email:
        told |= {"email": email, "email_verified": user.verified}
    return UserInfo(user_id, **told)
