"""Opening accounts, and letting them rest."""

from typing import Self
from uuid import UUID

import msgspec

from application.identity.admins import appoint, follow
from application.identity.personal import Person, opened, sealed
from application.identity.policy import blocked_domains, policy
from application.identity.quiet import write_anyway
from application.identity.session import SignedIn, start_session
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Lost, Ports
from domain.identity.errors import AdminExists, EmailTaken, InvalidRole, RegistrationClosed, RoleNotAssignable
from domain.identity.person import must_be_welcome, valid_email, valid_name, valid_password
from domain.identity.role import DEFAULT, Role, role_named
from domain.identity.user import User
from domain.shared.refused import Refused


class RegisterUser(Command, frozen=True):
    """Open an account for oneself, and sign in. The role is always `user`; asking for another is refused, not ignored."""

    email: str
    name: str
    password: Typed
    role: str = DEFAULT


class CreateUser(Command, frozen=True):
    """Open an account for somebody else: a colleague, a worker node, a customer. For administrators and the command line.

    Without a password its owner chooses one by the link for a forgotten password, or signs in with an outside provider.
    """

    email: str
    name: str
    password: Typed | None = None
    role: Role = DEFAULT


class EnsureAdmin(Command, frozen=True):
    """Make the first administrator, once in the life of a system."""

    email: str
    password: Typed
    name: str = "Administrator"


class DisableUser(Command, frozen=True):
    """Let nobody use an account until it is enabled again; its sessions are over."""

    user_id: UUID
    reason: str = ""


class EnableUser(Command, frozen=True):
    """Let an account be used again."""

    user_id: UUID


class FirstAdmin(msgspec.Struct, frozen=True):
    """The first administrator, and whether this command made them."""

    user_id: UUID
    made: bool


class Applicant(msgspec.Struct, frozen=True):
    """Who wants an account: e-mail and name as they are kept, and a password that will do, if there is one."""

    email: str
    name: str
    password: Typed | None

    @classmethod
    def of(cls, ports: Ports, wish: RegisterUser | CreateUser | EnsureAdmin) -> Self:
        """Raises the refusals of single fields."""
        email, name = valid_email(wish.email), valid_name(wish.name)
        if wish.password is not None:
            valid_password(wish.password.text, ports.passwords.is_common)
        return cls(email, name, wish.password)


@handles(RegisterUser)
async def register_user(command: RegisterUser, ports: Ports) -> SignedIn | None:
    """None where registration is private: nobody is told whether the e-mail was known, its owner is by mail.

    Raises `RegistrationClosed`, `RoleNotAssignable`, `EmailTaken` and the refusals of single fields.
    """
    if not policy(ports).registration_enabled:
        raise RegistrationClosed
    _must_be_default(command.role)
    who = Applicant.of(ports, command)
    must_be_welcome(who.email, blocked_domains(ports))
    if policy(ports).registration_privacy:
        await _register_quietly(ports, who)
        return None
    user = await _open_account(ports, who, DEFAULT, prove=True)
    return await start_session(ports, await opened(ports, user), ("pwd",))


@handles(CreateUser)
async def create_user(command: CreateUser, ports: Ports) -> Person:
    """Raises `InsufficientRole`, `EmailTaken` and the refusals of single fields."""
    must(ports.caller, "users:create")
    return await opened(ports, await _open_account(ports, Applicant.of(ports, command), command.role))


@handles(EnsureAdmin)
async def ensure_admin(command: EnsureAdmin, ports: Ports) -> FirstAdmin:
    """Raises `AdminExists` when another process makes one at this very moment, `EmailTaken`, and the refusals of single fields."""
    known = await ports.log.holder("bootstrap", "first admin")
    if known is not None:
        await follow(ports, await ports.log.load(User, known))  # A log of before administrators were counted begins with this one.
        return FirstAdmin(known, made=False)
    user = await _open_account(ports, Applicant.of(ports, command), Role.ADMIN)
    ports.log.claim("bootstrap", "first admin", user.id, AdminExists)
    return FirstAdmin(user.id, made=True)


@handles(DisableUser)
async def disable_user(command: DisableUser, ports: Ports) -> Person:
    """Raises `InsufficientRole`, `NotFound`, `AccountErased`, `LastAdmin`."""
    must(ports.caller, "users:manage")
    user = await ports.log.change(User, command.user_id, lambda user: user.disable(ports.now, command.reason))
    await follow(ports, user)
    return await opened(ports, user)


@handles(EnableUser)
async def enable_user(command: EnableUser, ports: Ports) -> Person:
    """Raises `InsufficientRole`, `NotFound`, `AccountErased`."""
    must(ports.caller, "users:manage")
    user = await ports.log.change(User, command.user_id, lambda user: user.enable())
    await follow(ports, user)
    return await opened(ports, user)


def _must_be_default(role: str) -> None:
    try:
        asked = role_named(role)
    except InvalidRole:
        raise RoleNotAssignable from None
    if asked is not DEFAULT:
        raise RoleNotAssignable


async def _register_quietly(ports: Ports, who: Applicant) -> None:
    known = await ports.log.holder("email", who.email)
    assert who.password is not None  # Whoever registers has one.
    await who.password.hash(ports.passwords)
    write_anyway(ports)
    if known is None:
        await _open_account(ports, who, DEFAULT, prove=True, taken=Lost)
    else:
        await ports.log.change(User, known, lambda user: user.repeat_registration(ports.now))


async def _open_account(ports: Ports, who: Applicant, role: Role, *, prove: bool = False, taken: type[Refused | Lost] = EmailTaken) -> User:
    """Stage an account; `prove` asks for the proof that the e-mail reaches the person."""
    if taken is EmailTaken and await ports.log.holder("email", who.email) is not None:
        raise EmailTaken  # Said before the slow hash; the claim below decides between two at the same time.
    hashed = None if who.password is None else await who.password.hash(ports.passwords)
    user_id, key = ports.new_id(), ports.sealing.new_key()
    email = sealed(ports, key, user_id, who.email)
    user = ports.log.stage(User(id=user_id), *User.register(user_id, email, sealed(ports, key, user_id, who.name), role))
    ports.log.keep("person_key", user_id, key)
    if hashed is not None:
        ports.log.keep("password", user_id, hashed)
    ports.log.claim("email", who.email, user_id, taken)
    if user.administers:
        await appoint(ports, user_id)
    if not prove:
        return user
    request_id = ports.new_id()
    return await ports.log.change(User, user_id, lambda user: user.ask_verification(request_id, email, ports.now))
