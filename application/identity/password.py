"""Passwords: changed by who knows the old one, replaced by who can read the account's mail, kept at the cost of today."""

from typing import Final

from application.identity.kept_password import keep_password
from application.identity.personal import account, caller_id, in_clear
from application.identity.quiet import write_anyway
from application.identity.second_factor import prove_password
from application.identity.session import must_be_spared
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.link_token import LinkToken
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.errors import InvalidLink, PasswordUnchanged
from domain.identity.person import folded, valid_password
from domain.identity.user import User
from domain.shared.aggregate import NOBODY

PURPOSE: Final = "reset-password"
POINTER: Final = "/new_password"


class ChangePassword(Command, frozen=True):
    """Another password for the caller; all their other sessions are over."""

    old: Typed
    new: Typed


class AskPasswordReset(Command, frozen=True):
    """Have a link sent with which a forgotten password can be replaced; tells nobody whether there is such an account."""

    email: str


class ResetPassword(Command, frozen=True):
    """Use such a link: another password, and no session is left. Signs nobody in."""

    token: str
    new: Typed


@handles(ChangePassword)
async def change_password(command: ChangePassword, ports: Ports) -> None:
    """Raises `InvalidPassword`, `PasswordTooCommon`, `InvalidCredentials`, `TooManyRequests`, `PasswordUnchanged`."""
    must(ports.caller, "self:secure")
    user = await account(ports, caller_id(ports))
    valid_password(command.new.text, ports.passwords.is_common, POINTER)
    await prove_password(ports, user.id, command.old)
    if command.new.text == command.old.text:
        raise PasswordUnchanged
    await keep_password(ports, user.id, command.new)
    await must_be_spared(ports, user.id, ports.caller.session_id)
    await ports.log.change(User, user.id, lambda user: user.change_password(ports.now, ports.caller.session_id))


@handles(AskPasswordReset)
async def ask_password_reset(command: AskPasswordReset, ports: Ports) -> None:
    """Takes the same way for known and unknown e-mails."""
    user = await ports.log.load(User, await ports.log.holder("email", folded(command.email)) or NOBODY)
    write_anyway(ports)
    ports.log.stage(user, *(user.ask_reset(ports.new_id(), ports.now) if user.exists else []))


@handles(ResetPassword)
async def reset_password(command: ResetPassword, ports: Ports) -> None:
    """What failed before is forgiven. Raises `InvalidPassword`, `PasswordTooCommon`, `InvalidLink`."""
    valid_password(command.new.text, ports.passwords.is_common, POINTER)
    token = LinkToken.parse(PURPOSE, command.token, ports.sealing)
    if token is None:
        raise InvalidLink
    user = await ports.log.load(User, token.user_id)
    ports.log.stage(user, *user.reset_password(token.request_id, ports.now))
    await keep_password(ports, user.id, command.new)
    ports.log.acts(user.id)
    (email,) = await in_clear(ports, user.id, user.email)
    await ports.outside.attempts.succeeded(email, ports.caller.address)
