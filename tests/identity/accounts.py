"""People as tests meet them: an administrator, the caller behind a sign-in, and the links that their mails hold."""

from typing import Any
from uuid import UUID

from application.identity.session import SignedIn
from application.identity.typed import Typed
from application.identity.user import CreateUser, EnsureAdmin
from application.shared.context import SYSTEM, Caller
from application.shared.link_token import LinkToken
from domain.identity.events import EmailVerificationAsked, PasswordResetAsked
from domain.identity.role import Role
from domain.identity.user import User
from tests.identity.small_daybook import PASSWORD, Identity

ROOT = "root@localhost"


async def first_admin(identity: Identity) -> Caller:
    made = await identity.ask(EnsureAdmin(email=ROOT, password=Typed(PASSWORD)), SYSTEM)
    return Caller(made.user_id, "admin")


async def another(identity: Identity, role: Role, email: str = "") -> Caller:
    """Somebody with an account of this role."""
    made = await identity.ask(CreateUser(email=email or f"{role}@example.org", name=f"One {role}", password=Typed(PASSWORD), role=role), SYSTEM)
    return Caller(made.id, role.value)


def caller(signed_in: SignedIn) -> Caller:
    return Caller(signed_in.person.id, signed_in.person.role, signed_in.session_id, authenticated_at=signed_in.grant.authenticated_at)


async def user(identity: Identity, user_id: UUID) -> User:
    state, _ = await identity.log.load(User, user_id)
    return state


def link(identity: Identity, purpose: str, user_id: UUID, nth: int = -1) -> str:
    """The token in the mail of the newest request (or another one) of this purpose."""
    kind: Any = {"verify-email": EmailVerificationAsked, "reset-password": PasswordResetAsked}[purpose]
    asked = [one.event for one in identity.log.recorded if isinstance(one.event, kind) and one.event.user_id == user_id]
    return LinkToken(purpose, user_id, asked[nth].request_id).text(identity.sealing)
