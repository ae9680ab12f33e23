"""Signing in, staying signed in, signing out."""

from uuid import UUID

import msgspec

from application.identity.personal import Person, opened
from application.identity.policy import refresh_grace, session_lifetime
from application.identity.refresh_token import RefreshToken
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.ports import Ports
from domain.identity.errors import InvalidCredentials, InvalidToken, RefreshReused
from domain.identity.person import folded
from domain.identity.session import NOBODY, Session
from domain.identity.user import User
from domain.shared.refused import Unauthenticated


class LogIn(Command, frozen=True):
    """Open a session with e-mail and password."""

    email: str
    password: Typed


class RefreshSession(Command, frozen=True):
    """Exchange a refresh token for its successor."""

    refresh_token: str


class LogOut(Command, frozen=True):
    """End a session: the one a refresh token belongs to, else the one named by an access token."""

    refresh_token: str | None = None
    session_id: UUID | None = None


class SignedIn(msgspec.Struct, frozen=True):
    """A session that is open, and the secret that keeps it so. Never stored, never logged."""

    person: Person
    session_id: UUID
    refresh_token: str


@handles(LogIn)
async def log_in(command: LogIn, ports: Ports) -> SignedIn:
    """Takes the same way and time for known and unknown accounts; raises `InvalidCredentials`, `AccountDisabled`."""
    user_id = await ports.log.holder("email", folded(command.email))
    hashed = await ports.log.secret("password", user_id or NOBODY)
    if not await command.password.fits(ports.passwords, hashed) or user_id is None:
        raise InvalidCredentials
    user = await ports.log.load(User, user_id)
    user.must_be_active()
    return start_session(ports, await opened(ports, user))


@handles(RefreshSession)
async def refresh_session(command: RefreshSession, ports: Ports) -> SignedIn | None:
    """Raises `InvalidToken`, `TokenExpired`, `AccountDisabled`, `RefreshReused`; the last is recorded first and ends the session."""
    token = RefreshToken.parse(command.refresh_token, ports.sealing)
    before = await ports.log.load(Session, token.session_id)
    before.must_be_open(ports.now)
    grace = refresh_grace(ports)
    after = await ports.log.change(Session, before.id, lambda session: session.refresh(token.generation, ports.now, grace))
    if after.ended:
        ports.log.keep("refresh", before.id, None)
        ports.log.refuse(RefreshReused())
        return None
    if not token.is_among(await ports.log.secret("refresh", before.id) or b""):
        raise InvalidToken
    user = await ports.log.load(User, before.user_id)
    user.must_be_active()
    successor = token.successor(ports.sealing)
    if after.version > before.version:
        # The spent digest stays beside the new one: in its grace, too, only a token that was handed out is answered.
        ports.log.keep("refresh", before.id, successor.digest + token.digest)
    return SignedIn(await opened(ports, user), before.id, successor.text(ports.sealing))


@handles(LogOut)
async def log_out(command: LogOut, ports: Ports) -> None:
    """Told twice, or after the session ended by itself, nothing new happens; raises `InvalidToken` for a token not ours,
    `Unauthenticated` for none.
    """
    session_id = command.session_id
    if command.refresh_token is not None:
        session_id = RefreshToken.parse(command.refresh_token, ports.sealing).session_id
    if session_id is None:
        raise Unauthenticated
    before = await ports.log.load(Session, session_id)
    if before.end("logged_out"):
        await ports.log.change(Session, session_id, lambda session: session.end("logged_out"))
        ports.log.keep("refresh", session_id, None)


def start_session(ports: Ports, person: Person) -> SignedIn:
    """Stage the first facts of a session of somebody who has proved who they are."""
    session_id = ports.new_id()
    token = RefreshToken(session_id, 1, ports.sealing.new_key())
    ports.log.begin(Session(id=session_id), *Session.open(session_id, person.id, ports.now, session_lifetime(ports)))
    ports.log.keep("refresh", session_id, token.digest)
    return SignedIn(person, session_id, token.text(ports.sealing))
