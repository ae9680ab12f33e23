"""Accounts: opening one for oneself, and what administrators do with them."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.identity.signing_in import SignIn, in_full
from api.shared.access import ADMINS, PUBLIC
from api.shared.bodies import Body
from api.shared.commanding import Req, carry_out
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.routing import command, query
from application.identity.typed import Typed
from application.identity.user import CreateUser, RegisterUser
from domain.identity.person import LONGEST_EMAIL, LONGEST_NAME, LONGEST_PASSWORD, SHORTEST_PASSWORD
from domain.identity.role import DEFAULT, Role
from domain.shared.refused import NotFound
from projections.identity.people import Shown, account, accounts
from projections.shared.reading import Freshness

Email = Annotated[str, Meta(max_length=LONGEST_EMAIL, description="Kept trimmed and case-folded.", examples=["ada@example.org"])]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, examples=["Ada Lovelace"])]
Password = Annotated[
    str,
    Meta(
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        description="Any characters but NUL, taken as typed; no common one.",
        examples=["a garden of forking paths"],
    ),
]


class RegisterBody(Body, frozen=True):
    """Who registers. The role is always `user`; asking for another is refused with 403 `role_not_assignable`."""

    email: Email
    name: Name
    password: Password
    role: Annotated[str, Meta(max_length=20)] = DEFAULT.value


class CreateUserBody(Body, frozen=True):
    """The account to open."""

    email: Email
    name: Name
    password: Password
    role: Role = DEFAULT


class UserMade(msgspec.Struct, frozen=True):
    """An account that was opened."""

    id: UUID
    email: str
    name: str
    role: Role
    version: int


@command("/api/v1/auth/register", access=PUBLIC, status=201, answers=SignIn, tags=["identity"])
async def register(request: Req, data: JSONBody[RegisterBody]) -> Response[bytes]:
    """Open an account for oneself, and sign in."""
    wish = RegisterUser(email=data.email, name=data.name, password=Typed(data.password), role=data.role)
    return await in_full(request, wish, 201)


@command("/api/v1/users", access=ADMINS, status=201, answers=UserMade, tags=["identity"])
async def create_user(request: Req, data: JSONBody[CreateUserBody]) -> Response[bytes]:
    """Open an account for a colleague or a worker node."""
    wish = CreateUser(email=data.email, name=data.name, password=Typed(data.password), role=data.role)
    return await carry_out(request, wish, UserMade, status=201, location="/api/v1/users/")


@query("/api/v1/users", access=ADMINS, answers=Page[Shown], tags=["identity"])
async def list_users(
    request: Req,
    fresh: NamedDependency[Freshness],
    limit: Limit = None,
    cursor: Cursor = None,
    role: Annotated[Role | None, QueryParameter(description="Only accounts with this role.")] = None,
) -> Response[bytes]:
    """All accounts in the order they were opened."""
    known, size = parts(request), limit or DEFAULT_LIMIT
    (after,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    found, seen = await accounts(known.tables, known.names, fresh, limit=size + 1, role=role, after=after)
    following = write_cursor(request, found[size - 1].id) if len(found) > size else None
    return page(request, found[:size], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query("/api/v1/users/{user_id:uuid}", access=ADMINS, answers=Shown, tags=["identity"])
async def show_user(request: Req, user_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One account."""
    known = parts(request)
    shown, seen = await account(known.tables, known.names, user_id, fresh)
    if shown is None:
        raise NotFound
    return one(request, shown, version=shown.version, position=seen.position, stale=seen.stale)
