"""Accounts: opening one for oneself, and what administrators do with them."""

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.identity.fields import MEANT, ROLES, AccountView, Email, Name, NewPassword, RoleWord, user_is_there
from api.identity.signing_in import SignIn, in_full
from api.shared.access import PUBLIC, caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out, if_match
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, viewer, write_cursor
from api.shared.request import Req
from api.shared.routing import change, command, query
from application.identity.profile import RenameUser
from application.identity.quiet import MailComes
from application.identity.typed import Typed
from application.identity.user import CreateUser, DisableUser, EnableUser, RegisterUser
from application.shared.permissions import must
from domain.identity.person import LONGEST_EMAIL, folded
from domain.identity.role import DEFAULT, role_named
from domain.shared.aggregate import NOBODY
from domain.shared.refused import NotFound
from projections.identity.people import Shown, Wanted, account, accounts
from projections.shared.reading import Freshness


class RegisterBody(Body, frozen=True):
    """Who registers. The role is always `user`; asking for another is refused with 403 `role_not_assignable`."""

    email: Email
    name: Name
    password: NewPassword
    confirm_password: NewPassword | None = None
    role: Annotated[str, Meta(max_length=20)] = DEFAULT.value


class CreateUserBody(Body, frozen=True):
    """The account to open. Without a password its owner chooses one by the link for a forgotten password."""

    email: Email
    name: Name
    password: NewPassword | None = None
    role: RoleWord = DEFAULT.value


class NameBody(Body, frozen=True):
    """What the person is called."""

    name: Name


class DisableBody(Body, frozen=True):
    """Why; kept in the account's history."""

    reason: Annotated[str, Meta(max_length=500, examples=["Left the company."])] = ""


@command("/api/v1/auth/register", limit="register", needs=PUBLIC, status=201, answers=SignIn, also={202: MailComes}, tags=["identity"])
async def register(request: Req, data: JSONBody[RegisterBody]) -> Response[bytes]:
    """Open an account for oneself, and sign in; a mail asks for the proof that the e-mail is one's own.

    Where registration is private the answer is 202 whether the e-mail was known or not, and the rest is said by mail.
    """
    password = Typed.repeated(data.password, data.confirm_password)
    return await in_full(request, RegisterUser(email=data.email, name=data.name, password=password, role=data.role), 201)


@command("/api/v1/users", needs="users:create", status=201, answers=AccountView, tags=["identity"])
async def create_user(request: Req, data: JSONBody[CreateUserBody]) -> Response[bytes]:
    """Open an account for a colleague, a worker node or a service."""
    password = None if data.password is None else Typed(data.password)
    wish = CreateUser(email=data.email, name=data.name, password=password, role=role_named(data.role))
    return await carry_out(request, wish, AccountView, status=201, location="/api/v1/users/")


@query("/api/v1/users", needs="users:read", answers=Page[Shown], tags=["identity"])
async def list_users(
    request: Req,
    fresh: NamedDependency[Freshness],
    limit: Limit = None,
    cursor: Cursor = None,
    role: Annotated[str | None, QueryParameter(max_length=20, description=f"Who holds it. {MEANT}", schema_extra=ROLES)] = None,
    active: Annotated[bool | None, QueryParameter(description="Who may use their account, or who may not.")] = None,
    email: Annotated[str | None, QueryParameter(max_length=LONGEST_EMAIL, description="Whose e-mail this is; for administrators.")] = None,
) -> Response[bytes]:
    """All accounts in the order they were opened. Auditors see names and e-mails masked."""
    known, size = parts(request), limit or DEFAULT_LIMIT
    (after,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    wanted = Wanted(None if role is None else role_named(role, "role"), active, None if email is None else await _holder(request, email))
    found, seen = await accounts(known.tables, known.names, viewer(request), wanted, fresh, limit=size + 1, after=after)
    following = write_cursor(request, found[size - 1].id) if len(found) > size else None
    return page(request, found[:size], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


async def _holder(request: Req, email: str) -> UUID:
    """Whose e-mail this is; only for who sees e-mails in clear, or guesses could be tried on masked ones."""
    must(caller(request), "users:manage")
    known = parts(request)
    return await known.log.holder("email", known.sealing.hmac("email", folded(email))) or NOBODY


@query("/api/v1/users/{user_id:uuid}", needs="users:read", answers=Shown, tags=["identity"])
async def show_user(request: Req, user_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One account. Auditors see name and e-mail masked."""
    known = parts(request)
    shown, seen = await account(known.tables, known.names, viewer(request), user_id, fresh)
    if shown is None:
        raise NotFound
    return one(request, shown, version=shown.version, position=seen.position, stale=seen.stale)


@change("/api/v1/users/{user_id:uuid}", needs="users:manage", answers=AccountView, tags=["identity"], exists=user_is_there)
async def rename_user(request: Req, user_id: FromPath[UUID], data: JSONBody[NameBody]) -> Response[bytes]:
    """Change what a person is called."""
    return await carry_out(request, RenameUser(user_id=user_id, name=data.name, if_match=if_match(request)), AccountView)


@command("/api/v1/users/{user_id:uuid}/disable", needs="users:manage", step_up=True, answers=AccountView, tags=["identity"], exists=user_is_there)
async def disable_user(request: Req, user_id: FromPath[UUID], data: JSONBody[DisableBody | None] = None) -> Response[bytes]:
    """Let nobody use an account; its sessions end within a second. The last administrator stays (409 `last_admin`)."""
    return await carry_out(request, DisableUser(user_id=user_id, reason="" if data is None else data.reason), AccountView)


@command("/api/v1/users/{user_id:uuid}/enable", needs="users:manage", step_up=True, answers=AccountView, tags=["identity"], exists=user_is_there)
async def enable_user(request: Req, user_id: FromPath[UUID]) -> Response[bytes]:
    """Let an account be used again."""
    return await carry_out(request, EnableUser(user_id=user_id), AccountView)
