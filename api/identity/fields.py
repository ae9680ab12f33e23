"""Fields that several bodies of identity have, and accounts as several operations answer with them."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from api.shared.parts import parts
from api.shared.request import Req
from domain.identity.person import LONGEST_EMAIL, LONGEST_NAME, LONGEST_PASSWORD, SHORTEST_PASSWORD
from domain.identity.role import WORDS, Role
from domain.identity.user import User
from domain.shared.refused import NotFound

Email = Annotated[str, Meta(max_length=LONGEST_EMAIL, description="Kept trimmed and case-folded.", examples=["ada@example.org"])]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, examples=["Ada Lovelace"])]
NewPassword = Annotated[
    str,
    Meta(
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        description="Any characters but NUL, taken as typed; no common one.",
        examples=["a garden of forking paths"],
    ),
]
Password = Annotated[str, Meta(max_length=LONGEST_PASSWORD, examples=["a garden of forking paths"])]
ROLES: Final = {"enum": [*WORDS, *(word.upper() for word in WORDS)]}
MEANT: Final = "A role, in any case; `PROJECT_MANAGER` is a manager and `TEAM_MEMBER` a user."
RoleWord = Annotated[str, Meta(max_length=20, description=MEANT, examples=["user"], extra_json_schema=ROLES)]
Link = Annotated[str, Meta(max_length=160, description="What stands behind `token=` in the link of the mail.", examples=["01a1f8bf….01a1f8c0….Zk9…"])]


class AccountView(msgspec.Struct, frozen=True):
    """An account after a command. `role` is the one of `roles` that decides."""

    id: UUID
    email: str
    name: str
    role: Role
    roles: tuple[Role, ...]
    active: bool
    email_verified: bool
    erased: bool
    version: int


async def user_is_there(request: Req) -> None:
    """Raises `NotFound` unless the address names an account."""
    user, _ = await parts(request).log.load(User, request.path_params["user_id"])
    if not user.exists:
        raise NotFound
