"""What a token is worth at the moment, for the program it was given to (RFC 7662)."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.identity.access_token import AccessClaims
from application.identity.refresh_token import RefreshToken
from application.shared.context import Caller
from application.shared.ports import Sealing, Work
from domain.identity.errors import InvalidToken
from domain.identity.oauth_client import OAuthClient
from domain.identity.session import Session
from domain.identity.user import User


class Introspection(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`active` says whether the token counts; nothing else is said of one that does not."""

    active: bool
    scope: str = ""
    client_id: UUID | None = None
    sub: UUID | None = None
    iss: str = ""
    token_type: str = ""
    iat: int | None = None
    exp: int | None = None


def introspected(claims: AccessClaims, caller: Caller, client: OAuthClient, issuer: str) -> Introspection | None:
    """About an access token whose caller stands; None for one of another program."""
    if caller.client_id != client.id:
        return None
    return Introspection(
        active=True,
        scope=" ".join(sorted(caller.scopes or ())),
        client_id=client.id,
        sub=claims.sub,
        iss=issuer,
        token_type="Bearer",  # noqa: S106 — the name of a scheme.
        iat=claims.iat,
        exp=claims.exp,
    )


async def introspect_refresh(
    work: Work, sealing: Sealing, text: str, client: OAuthClient, now: datetime, idle: timedelta | None
) -> Introspection | None:
    """About a refresh token; None for what is none, is spent, or is of another program."""
    try:
        token = RefreshToken.parse(text, sealing)
        session = await work.load(Session, token.session_id)
        session.must_be_open(now, idle)
    except InvalidToken:
        return None
    user = await work.load(User, session.user_id)
    stands = session.client_id == client.id and user.active and not user.has_ended(session) and token.generation == session.generation
    if not stands or not token.is_among(await work.secret("refresh", session.id) or b""):
        return None
    expires_at = int(session.expires_at.timestamp())
    return Introspection(active=True, scope=" ".join(sorted(session.scopes or ())), client_id=client.id, sub=user.id, exp=expires_at)
