"""Signing in, staying signed in, signing out."""

from typing import Final
from uuid import UUID

import msgspec

from application.identity.access_token import Grant
from application.identity.kept_password import keep_at_todays_cost
from application.identity.personal import Person, opened, sealed_client
from application.identity.policy import policy, refresh_grace, session_idle, session_lifetime
from application.identity.refresh_token import RefreshToken
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.link_token import LinkToken
from application.shared.ports import Lost, Ports
from domain.identity.challenge import SignInChallenge
from domain.identity.errors import InvalidCredentials, InvalidToken, RefreshReused
from domain.identity.events import SessionsEnded
from domain.identity.person import folded
from domain.identity.second_factor import SecondFactor, factor_id
from domain.identity.session import Session
from domain.identity.session_roster import SessionRoster, roster_id
from domain.identity.user import User
from domain.shared.aggregate import NOBODY
from domain.shared.refused import Unauthenticated


class LogIn(Command, frozen=True):
    """Open a session with e-mail and password."""

    email: str
    password: Typed


class RefreshSession(Command, frozen=True):
    """Exchange a refresh token for its successor. One that a program was given counts only from that program (`client_id`)."""

    refresh_token: str
    client_id: UUID | None = None


class LogOut(Command, frozen=True):
    """End a session: the one a refresh token belongs to, else the one named by an access token."""

    refresh_token: str | None = None
    session_id: UUID | None = None


class SignedIn(msgspec.Struct, frozen=True):
    """A session that is open: what its access token says, and the secret that keeps it open. Never stored, never logged."""

    person: Person
    grant: Grant
    refresh_token: str

    @property
    def session_id(self) -> UUID:
        """The session."""
        return self.grant.session_id


class Challenged(msgspec.Struct, frozen=True):
    """A sign-in that needs its second factor yet, and the token it can be given with; good for nothing else. Never stored, never logged."""

    mfa_token: str


CHALLENGE: Final = "second factor"
"""The purpose of a challenge's token."""


@handles(LogIn)
async def log_in(command: LogIn, ports: Ports) -> SignedIn | Challenged:
    """Raises `InvalidCredentials`, `AccountDisabled`, `TooManyRequests`."""
    user = await proved(ports, command.email, command.password)
    return await admit(ports, user, ("pwd",))


async def proved(ports: Ports, email: str, password: Typed) -> User:
    """Whose e-mail and password these are; takes the same way and time for known and unknown accounts.

    Raises `InvalidCredentials`, `AccountDisabled`, `TooManyRequests`.
    """
    name, attempts = folded(email), ports.outside.attempts
    await attempts.must_wait(name, ports.caller.address)
    user_id = await ports.log.holder("email", name)
    user = await ports.log.load(User, user_id or NOBODY)
    hashed = await ports.log.secret("password", user.id)
    if not await password.fits(ports.passwords, hashed) or hashed is None:
        await attempts.failed(name, ports.caller.address)
        raise InvalidCredentials().concerning(user_id, ports.sealing.hmac("sign-in", name))
    await attempts.succeeded(name, ports.caller.address)
    user.must_be_active()
    if (await ports.log.load(User, user.id)).sessions_since != user.sessions_since:
        raise Lost  # The password may have been changed while it was compared.
    return await keep_at_todays_cost(ports, user, password, hashed)


@handles(RefreshSession)
async def refresh_session(command: RefreshSession, ports: Ports) -> SignedIn | None:
    """Raises `InvalidToken`, `TokenExpired`, `AccountDisabled`, `RefreshReused`; the last is recorded first and ends the session."""
    token = RefreshToken.parse(command.refresh_token, ports.sealing)
    before = await ports.log.load(Session, token.session_id)
    before.must_be_open(ports.now, session_idle(ports))
    user = await ports.log.load(User, before.user_id)
    if user.has_ended(before) or before.client_id != command.client_id:
        raise InvalidToken
    grace = refresh_grace(ports)
    after = await ports.log.change(Session, before.id, lambda session: session.refresh(token.generation, ports.now, grace))
    if after.ended:
        ports.log.keep("refresh", before.id, None)
        ports.log.refuse(RefreshReused())
        return None
    if not token.is_among(await ports.log.secret("refresh", before.id) or b""):
        raise InvalidToken
    user.must_be_active()
    successor = token.successor(ports.sealing)
    ports.log.acts(user.id)
    if after.version > before.version:
        # The spent digest stays beside the new one: in its grace, too, only a token that was handed out is answered.
        ports.log.keep("refresh", before.id, successor.digest + token.digest)
    return SignedIn(await opened(ports, user), grant_of(after, user), successor.text(ports.sealing))


@handles(LogOut)
async def log_out(command: LogOut, ports: Ports) -> UUID:
    """Which session that was. Told twice, or after the session ended by itself, nothing new happens.

    Raises `InvalidToken` for a token that is not ours, `Unauthenticated` for none.
    """
    session_id = command.session_id
    if command.refresh_token is not None:
        session_id = RefreshToken.parse(command.refresh_token, ports.sealing).session_id
    if session_id is None:
        raise Unauthenticated
    before = await ports.log.load(Session, session_id)
    if before.end("logged_out"):
        await end_session(ports, session_id, "logged_out")
    return session_id


async def end_session(ports: Ports, session_id: UUID, reason: str) -> None:
    """Stage the end of a session that was opened once; told twice, nothing new happens."""
    await ports.log.change(Session, session_id, lambda session: session.end(reason))
    ports.log.keep("refresh", session_id, None)


async def end_all_sessions(ports: Ports, user_id: UUID, reason: str, *, spared: UUID | None = None) -> None:
    """Stage the end of every session of an account but one, which must still be open: raises `InvalidToken`, `TokenExpired`."""
    await must_be_spared(ports, user_id, spared)
    ended = SessionsEnded(user_id=user_id, ended_at=ports.now, reason=reason, spared=spared)
    await ports.log.change(User, user_id, lambda _: [ended])


async def must_be_spared(ports: Ports, user_id: UUID, spared: UUID | None) -> None:
    """Raises `InvalidToken`, `TokenExpired` where the session that is to go on alone is over: sparing it would bring it back."""
    if spared is None:
        return
    user, session = await ports.log.load(User, user_id), await ports.log.load(Session, spared)
    session.must_be_open(ports.now, session_idle(ports))
    if user.has_ended(session):
        raise InvalidToken


async def admit(ports: Ports, user: User, methods: tuple[str, ...]) -> SignedIn | Challenged:
    """Let somebody in who has proved by these methods (RFC 8176) that this account is theirs: the one door of every sign-in.

    Where their second factor is on, they get no session but a challenge, which ends in one when the code is shown. Stages what
    follows; raises `AccountDisabled`.
    """
    user.must_be_active()
    factor = await ports.log.load(SecondFactor, factor_id(user.id))
    if not factor.is_on:
        return await start_session(ports, await opened(ports, user), methods)
    challenge_id = ports.new_id()
    ports.log.stage(SignInChallenge(id=challenge_id), *SignInChallenge.issue(challenge_id, user.id, methods, ports.now))
    return Challenged(LinkToken(CHALLENGE, user.id, challenge_id).text(ports.sealing))


async def start_session(ports: Ports, person: Person, methods: tuple[str, ...]) -> SignedIn:
    """Stage the first facts of a session of somebody who has proved all they must by these methods (RFC 8176); see `admit`."""
    session_id = ports.new_id()
    token = RefreshToken(session_id, 1, ports.sealing.new_key())
    client = await sealed_client(ports, person.id)
    await _make_room(ports, person.id, session_id)
    facts = Session.open(session_id, person.id, ports.now, session_lifetime(ports), methods=methods, client=client)
    session = ports.log.stage(Session(id=session_id), *facts)
    ports.log.acts(person.id)
    ports.log.keep("refresh", session_id, token.digest)
    return SignedIn(person, grant_of(session, person), token.text(ports.sealing))


async def _make_room(ports: Ports, user_id: UUID, session_id: UUID) -> None:
    """Where the number of sessions is limited, the oldest give way."""
    most = policy(ports).session_max_per_user
    if most == 0:
        return
    roster, user = await ports.log.load(SessionRoster, roster_id(user_id)), await ports.log.load(User, user_id)
    listed = [await ports.log.load(Session, one) for one in roster.sessions]
    still_open = tuple(one.id for one in listed if not (one.ended or one.has_expired(ports.now) or user.has_ended(one)))
    giving_way = roster.giving_way(still_open, most)
    for one in giving_way:
        await end_session(ports, one, "too_many")
    left = tuple(one for one in roster.sessions if one not in still_open or one in giving_way)
    ports.log.stage(roster, *roster.admit(user_id, session_id, left))


def grant_of(session: Session, who: Person | User) -> Grant:
    """What an access token of this session says."""
    return Grant(
        user_id=who.id,
        session_id=session.id,
        role=who.role,
        authenticated_at=session.authenticated_at,
        methods=session.methods,
        scopes=session.scopes,
        client_id=session.client_id,
    )
