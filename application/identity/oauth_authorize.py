"""A person lets a program act for them: they sign in on Daybook's own page, and the program is given a code."""

from uuid import UUID

import msgspec

from application.identity.oauth_request import AuthorizationRequest
from application.identity.second_factor import METHOD, prove_code
from application.identity.session import proved
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.link_token import LinkToken
from application.shared.ports import Ports
from domain.identity.authorization_code import LIFETIME, AuthorizationCode
from domain.identity.errors import MfaRequired
from domain.identity.events import CodeIssued
from domain.identity.oauth_client import OAuthClient
from domain.identity.oauth_errors import AuthorizationOver, UnknownClient
from domain.identity.second_factor import SecondFactor, factor_id

PURPOSE = "oauth code"


class Authorize(Command, frozen=True):
    """Let the program that made this request act for whose e-mail, password and second factor these are."""

    request: AuthorizationRequest
    email: str
    password: Typed
    code: str | None = None


class Authorized(msgspec.Struct, frozen=True):
    """The code, on its way to the program."""

    code: str


@handles(Authorize)
async def authorize(command: Authorize, ports: Ports) -> Authorized:
    """Raises what `LogIn` raises, `MfaRequired`, `MfaInvalid`, `UnknownClient`, `InvalidScope`, and `AuthorizationOver` for a
    request that was used.
    """
    asked = command.request
    code = await ports.log.load(AuthorizationCode, asked.id)
    if code.exists:
        raise AuthorizationOver
    client = await ports.log.load(OAuthClient, asked.client_id)
    if not client.exists:
        raise UnknownClient
    user = await proved(ports, command.email, command.password)
    methods: tuple[str, ...] = ("pwd",)
    if (await ports.log.load(SecondFactor, factor_id(user.id))).is_on:
        if not command.code:
            raise MfaRequired
        await prove_code(ports, user.id, command.code)
        methods = ("pwd", METHOD)
    facts = CodeIssued(
        code_id=asked.id,
        client_id=client.id,
        user_id=user.id,
        redirect_uri=asked.redirect_uri,
        scopes=asked.grantable(frozenset(map(str, user.roles))),
        challenge=asked.challenge,
        nonce=asked.nonce,
        authenticated_at=ports.now,
        methods=methods,
        expires_at=ports.now + LIFETIME,
    )
    ports.log.stage(code, facts)
    ports.log.acts(user.id)
    return Authorized(code_token(client.id, asked.id).text(ports.sealing))


def code_token(client_id: UUID, code_id: UUID) -> LinkToken:
    """How a code is written: nothing of it is kept, and nobody else can write it."""
    return LinkToken(PURPOSE, client_id, code_id)
