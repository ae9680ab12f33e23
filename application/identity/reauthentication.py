"""Proving once more who one is, within a session (step-up, RFC 9470)."""

from application.identity.access_token import Grant
from application.identity.second_factor import METHOD, count_success, prove_code, prove_password
from application.identity.session import grant_of
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.errors import InvalidToken, MfaRequired
from domain.identity.second_factor import SecondFactor, factor_id
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.aggregate import NOBODY


class Reauthenticate(Command, frozen=True):
    """The caller's password again and, where their second factor is on, a code."""

    password: Typed
    code: str | None = None


@handles(Reauthenticate)
async def reauthenticate(command: Reauthenticate, ports: Ports) -> Grant:
    """What the next access token of the caller's session says. Who has no password here signs in anew through their provider.

    Raises `InvalidCredentials`, `MfaRequired`, `MfaInvalid`, `TooManyRequests`, and `InvalidToken` where there is no open session.
    """
    must(ports.caller, "self:secure")
    user_id, session_id = ports.caller.id or NOBODY, ports.caller.session_id
    if session_id is None:
        raise InvalidToken
    user = await ports.log.load(User, user_id)
    methods: tuple[str, ...] = ("pwd",)
    await prove_password(ports, user_id, command.password)
    if (await ports.log.load(SecondFactor, factor_id(user_id))).is_on:
        if command.code is None:
            raise MfaRequired
        await prove_code(ports, user_id, command.code)
        methods = ("pwd", METHOD)
    else:
        await count_success(ports, user_id)
    session = await ports.log.change(Session, session_id, lambda session: session.reauthenticate(ports.now, methods))
    if user.has_ended(session):
        raise InvalidToken
    return grant_of(session, user)
