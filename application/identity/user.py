"""Opening accounts."""

from uuid import UUID

import msgspec

from application.identity.personal import Person, sealed
from application.identity.policy import policy
from application.identity.session import SignedIn, start_session
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.ports import Ports
from domain.identity.errors import AdminExists, EmailTaken, InsufficientRole, PasswordTooCommon, RegistrationClosed, RoleNotAssignable
from domain.identity.person import valid_email, valid_name, valid_password
from domain.identity.role import DEFAULT, Role
from domain.identity.user import User


class RegisterUser(Command, frozen=True):
    """Open an account for oneself, and sign in. The role is always `user`; asking for another is refused, not ignored."""

    email: str
    name: str
    password: Typed
    role: str = DEFAULT


class CreateUser(Command, frozen=True):
    """Open an account for somebody else: a colleague or a worker node. For administrators and the command line."""

    email: str
    name: str
    password: Typed
    role: Role = DEFAULT


class EnsureAdmin(Command, frozen=True):
    """Make the first administrator, once in the life of a system."""

    email: str
    password: Typed
    name: str = "Administrator"


class FirstAdmin(msgspec.Struct, frozen=True):
    """The first administrator, and whether this command made them."""

    user_id: UUID
    made: bool


@handles(RegisterUser)
async def register_user(command: RegisterUser, ports: Ports) -> SignedIn:
    """Raises `RegistrationClosed`, `RoleNotAssignable`, `EmailTaken` and the refusals of single fields."""
    if not policy(ports).registration_enabled:
        raise RegistrationClosed
    if command.role != DEFAULT:
        raise RoleNotAssignable
    person = await _open_account(ports, command.email, command.name, command.password, DEFAULT)
    return start_session(ports, person)


@handles(CreateUser)
async def create_user(command: CreateUser, ports: Ports) -> Person:
    """Raises `InsufficientRole`, `EmailTaken` and the refusals of single fields."""
    if ports.caller.role not in {"admin", "system"}:
        raise InsufficientRole
    return await _open_account(ports, command.email, command.name, command.password, command.role)


@handles(EnsureAdmin)
async def ensure_admin(command: EnsureAdmin, ports: Ports) -> FirstAdmin:
    """Raises `AdminExists` when another process makes one at this very moment, `EmailTaken`, and the refusals of single fields."""
    known = await ports.log.holder("bootstrap", "first admin")
    if known is not None:
        return FirstAdmin(known, made=False)
    person = await _open_account(ports, command.email, command.name, command.password, Role.ADMIN)
    ports.log.claim("bootstrap", "first admin", person.id, AdminExists)
    return FirstAdmin(person.id, made=True)


async def _open_account(ports: Ports, email: str, name: str, password: Typed, role: Role) -> Person:
    email, name = valid_email(email), valid_name(name)
    if ports.passwords.is_common(valid_password(password.text)):
        raise PasswordTooCommon("/password")
    if await ports.log.holder("email", email) is not None:
        raise EmailTaken  # Said before the slow hash; the claim below decides between two at the same time.
    hashed = await password.hash(ports.passwords)
    user_id, key = ports.new_id(), ports.sealing.new_key()
    facts = User.register(user_id, sealed(ports, key, user_id, email), sealed(ports, key, user_id, name), role)
    user = ports.log.begin(User(id=user_id), *facts)
    ports.log.claim("email", email, user_id, EmailTaken)
    ports.log.keep("person_key", user_id, key)
    ports.log.keep("password", user_id, hashed)
    return Person(user_id, email, name, role, user.version)
