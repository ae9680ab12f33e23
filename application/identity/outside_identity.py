"""Signing in with an outside identity (OpenID Connect), and linking one with an account. Accounts are found by issuer and subject only."""

from typing import Protocol
from uuid import UUID

import msgspec

from application.identity.personal import account, in_clear, sealed, sealed_for
from application.identity.policy import blocked_domains, policy
from application.identity.session import Challenged, SignedIn, admit
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Lost, Ports
from domain.identity.errors import EmailTaken, IdentityTaken, InvalidEmail, InvalidName, InvalidToken, RegistrationClosed
from domain.identity.events import EmailVerified
from domain.identity.events.sealed import NOTHING
from domain.identity.outside_identities import Identity, OutsideIdentities, identities_id
from domain.identity.person import must_be_welcome, valid_email, valid_name
from domain.identity.role import DEFAULT
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.aggregate import NOBODY

METHOD = "fed"
"""The authentication method told of such sign-ins."""


class Proved(msgspec.Struct, frozen=True):
    """Who somebody is, as a provider proved it. `email` only where the provider says that it reaches them."""

    provider: str
    issuer: str
    subject: str
    email: str | None = None
    name: str = ""

    @property
    def claim(self) -> str:
        """The word that is unique for them in the whole world."""
        return f"{self.issuer}\n{self.subject}"


class Journey(msgspec.Struct, frozen=True):
    """What a browser takes along to the provider's page and back: the words that bind both ends together."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Providers(Protocol):
    """The outside providers of the settings."""

    async def address(self, provider: str, journey: Journey) -> str:
        """Where to send the browser; raises `NotFound`, `ProviderUnavailable`."""

    async def proved(self, provider: str, journey: Journey, code: str, issuer: str | None) -> Proved:
        """Who came back with this code (and from which issuer, RFC 9207).

        Raises `NotFound`, `IdentityNotProved`, `DomainNotAllowed`, `ProviderUnavailable`.
        """


class SignInOutside(Command, frozen=True):
    """Open a session for whom a provider proved; a new person gets an account."""

    who: Proved


class LinkIdentity(Command, frozen=True):
    """Let the account of this session be entered with an outside identity, too."""

    user_id: UUID
    session_id: UUID
    who: Proved


class UnlinkIdentity(Command, frozen=True):
    """Let the caller's account not be entered through this provider any more."""

    provider: str


@handles(SignInOutside)
async def sign_in_outside(command: SignInOutside, ports: Ports) -> SignedIn | Challenged:
    """Raises `AccountDisabled`; for a new person `RegistrationClosed`, `EmailTaken`, `EmailNotWelcome`."""
    user_id = await ports.log.holder("identity", command.who.claim)
    user = await _new_account(ports, command.who) if user_id is None else await ports.log.load(User, user_id)
    return await admit(ports, user, (METHOD,))


@handles(LinkIdentity)
async def link_identity(command: LinkIdentity, ports: Ports) -> Proved:
    """Told twice, nothing new happens. Raises `InvalidToken` where the session is over meanwhile, `IdentityTaken`."""
    user, session = await ports.log.load(User, command.user_id), await ports.log.load(Session, command.session_id)
    session.must_be_open(ports.now)
    if session.user_id != user.id or user.has_ended(session):
        raise InvalidToken
    user.must_be_active()
    holder = await ports.log.holder("identity", command.who.claim)
    if holder not in {None, user.id}:
        raise IdentityTaken
    if holder is None:
        await _link(ports, user.id, command.who)
        ports.log.acts(user.id)
    return command.who


@handles(UnlinkIdentity)
async def unlink_identity(command: UnlinkIdentity, ports: Ports) -> None:
    """Raises `NotFound`, `LastWayIn`."""
    must(ports.caller, "self:secure")
    user = await account(ports, ports.caller.id or NOBODY)
    has_password = await ports.log.secret("password", user.id) is not None
    before = await ports.log.load(OutsideIdentities, identities_id(user.id))
    ports.log.stage(before, *before.unlink(command.provider, has_password=has_password))
    await _release(ports, before, before.of(command.provider))


async def forget_identities(ports: Ports, user_id: UUID) -> None:
    """Stage that nobody is known by the outside identities of an account that is erased; while the person's key is there."""
    known = await ports.log.load(OutsideIdentities, identities_id(user_id))
    for identity in known.linked:
        await _release(ports, known, identity)


async def _release(ports: Ports, known: OutsideIdentities, identity: Identity) -> None:
    (subject,) = await in_clear(ports, known.user_id, identity.subject)
    ports.log.release("identity", Proved(identity.provider, identity.issuer, subject).claim)


async def _link(ports: Ports, user_id: UUID, who: Proved) -> None:
    known = await ports.log.load(OutsideIdentities, identities_id(user_id))
    identity = Identity(who.provider, who.issuer, await sealed_for(ports, user_id, who.subject))
    ports.log.stage(known, *known.link(user_id, identity))
    # Two sign-ins of one new person at the same time: the second is decided again, and finds the account of the first.
    ports.log.claim("identity", who.claim, user_id, Lost)


async def _new_account(ports: Ports, who: Proved) -> User:
    if not policy(ports).registration_enabled:
        raise RegistrationClosed
    user_id, key = ports.new_id(), ports.sealing.new_key()
    email = _usable_email(who)
    if email:
        must_be_welcome(email, blocked_domains(ports))
        if await ports.log.holder("email", email) is not None:
            raise EmailTaken("An account with this e-mail exists already; sign in to it, and link this identity there.")
        ports.log.claim("email", email, user_id, EmailTaken)
    facts = User.register(user_id, sealed(ports, key, user_id, email) if email else NOTHING, sealed(ports, key, user_id, _usable_name(who)), DEFAULT)
    proof = [EmailVerified(user_id=user_id, request_id=ports.new_id())] if email else []
    user = ports.log.stage(User(id=user_id), *facts, *proof)
    ports.log.keep("person_key", user_id, key)
    await _link(ports, user_id, who)
    return user


def _usable_email(who: Proved) -> str:
    try:
        return valid_email(who.email or "")
    except InvalidEmail:
        return ""


def _usable_name(who: Proved) -> str:
    try:
        return valid_name(who.name)
    except InvalidName:
        return f"Somebody from {who.provider}"
