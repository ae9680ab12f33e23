"""What programs exchange for tokens: a code, a refresh token, or their own secret (RFC 6749, 4.1.3, 6, 4.4); and giving tokens back."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.identity.access_token import Grant
from application.identity.oauth_authorize import PURPOSE
from application.identity.oauth_client import ClientProof, must_be_client
from application.identity.oauth_request import asked_for, granted
from application.identity.personal import sealed_client
from application.identity.policy import policy, session_lifetime
from application.identity.refresh_token import RefreshToken
from application.identity.session import RefreshSession, SignedIn, end_session, grant_of, refresh_session
from application.shared.command import Command, handles
from application.shared.link_token import LinkToken
from application.shared.ports import Ports
from domain.identity.authorization_code import AuthorizationCode
from domain.identity.errors import InvalidToken
from domain.identity.oauth_client import CODE, ITSELF, REFRESH, OAuthClient
from domain.identity.oauth_errors import InvalidGrant, InvalidScope
from domain.identity.session import Session
from domain.identity.user import User


class RedeemCode(Command, frozen=True):
    """Exchange a code for tokens."""

    client: ClientProof
    code: str
    redirect_uri: str
    verifier: str


class RefreshGrant(Command, frozen=True):
    """Exchange a refresh token for its successor."""

    client: ClientProof
    refresh_token: str
    scope: str | None = None


class ActForItself(Command, frozen=True):
    """Give a program a token of its own account."""

    client: ClientProof
    scope: str | None = None


class RevokeToken(Command, frozen=True):
    """End what a token stands for: `refresh_token`, or the session of an access token."""

    client: ClientProof
    refresh_token: str | None = None
    session_id: UUID | None = None


class Tokens(msgspec.Struct, frozen=True):
    """What a program is given. `nonce` and `authenticated_at` go into the id token, if the grant has the scope `openid`."""

    grant: Grant
    refresh_token: str | None = None
    nonce: str | None = None
    authenticated_at: datetime | None = None


@handles(RedeemCode)
async def redeem_code(command: RedeemCode, ports: Ports) -> Tokens | None:
    """Raises `InvalidClient`, `UnauthorizedClient`, `InvalidGrant`, `AccountDisabled`; a code shown twice also ends what came of it."""
    client = await must_be_client(ports.log, command.client)
    client.must_be_allowed(CODE)
    token = LinkToken.parse(PURPOSE, command.code, ports.sealing)
    if token is None:
        raise InvalidGrant
    session_id = ports.new_id()
    before = await ports.log.load(AuthorizationCode, token.request_id)
    facts = before.redeem(client.id, command.redirect_uri, command.verifier, session_id, ports.now)
    after = ports.log.stage(before, *facts)
    if before.session_id is not None:
        if (await ports.log.load(Session, before.session_id)).end("code_reused"):
            await end_session(ports, before.session_id, "code_reused")
        ports.log.refuse(InvalidGrant())
        return None
    user = await ports.log.load(User, after.user_id)
    user.must_be_active()
    if after.authenticated_at <= user.sessions_since:
        raise InvalidGrant  # All sessions were ended since the person signed in.
    tokens = await _open(ports, client, user, session_id, after.scopes, after.methods)
    return msgspec.structs.replace(tokens, nonce=after.nonce, authenticated_at=after.authenticated_at)


@handles(RefreshGrant)
async def refresh_grant(command: RefreshGrant, ports: Ports) -> Tokens | None:
    """Raises `InvalidClient`, `UnauthorizedClient`, `InvalidScope`, and what `RefreshSession` raises."""
    client = await must_be_client(ports.log, command.client)
    client.must_be_allowed(REFRESH)
    signed_in = await refresh_session(RefreshSession(refresh_token=command.refresh_token, client_id=client.id), ports)
    match signed_in:
        case SignedIn(grant=given, refresh_token=successor):
            if command.scope is not None and not set(command.scope.split()) <= set(given.scopes or ()):
                raise InvalidScope
            return Tokens(given, successor)
    return None


@handles(ActForItself)
async def act_for_itself(command: ActForItself, ports: Ports) -> Tokens:
    """Raises `InvalidClient`, `UnauthorizedClient`, `InvalidScope`, `AccountDisabled`."""
    client = await must_be_client(ports.log, command.client)
    client.must_be_allowed(ITSELF)
    user = await ports.log.load(User, client.service_account or client.id)
    user.must_be_active()
    scopes = tuple(scope for scope in asked_for(command.scope, client) if ":" in scope)
    return await _open(ports, client, user, ports.new_id(), granted(scopes, frozenset(map(str, user.roles))), (), itself=True)


@handles(RevokeToken)
async def revoke_token(command: RevokeToken, ports: Ports) -> None:
    """Raises `InvalidClient`, and `InvalidGrant` for a token of another program; what is over already is fine (RFC 7009, 2.2)."""
    client = await must_be_client(ports.log, command.client)
    session_id = command.session_id
    if command.refresh_token is not None:
        try:
            session_id = RefreshToken.parse(command.refresh_token, ports.sealing).session_id
        except InvalidToken:
            return
    if session_id is None:
        return
    session = await ports.log.load(Session, session_id)
    if session.client_id != client.id:
        raise InvalidGrant
    if session.end("revoked"):
        await end_session(ports, session_id, "revoked")


async def _open(
    ports: Ports, client: OAuthClient, user: User, session_id: UUID, scopes: tuple[str, ...], methods: tuple[str, ...], *, itself: bool = False
) -> Tokens:
    """Stage a session of the program. Without the grant to refresh it lives as long as one access token."""
    lasting = not itself and REFRESH in client.grants
    lifetime = session_lifetime(ports) if lasting else timedelta(seconds=policy(ports).access_lifetime)
    where = await sealed_client(ports, user.id)
    facts = Session.open(session_id, user.id, ports.now, lifetime, methods=methods, client=where, client_id=client.id, scopes=scopes)
    session = ports.log.stage(Session(id=session_id), *facts)
    ports.log.acts(user.id)
    if not lasting:
        return Tokens(grant_of(session, user))
    token = RefreshToken(session_id, 1, ports.sealing.new_key())
    ports.log.keep("refresh", session_id, token.digest)
    return Tokens(grant_of(session, user), token.text(ports.sealing))
