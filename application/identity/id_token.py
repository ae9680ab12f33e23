"""Id tokens: what a program is told about the sign-in itself (OpenID Connect Core, 2)."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime
from uuid import UUID

import msgspec

from application.identity.oauth_token import Tokens


class IdToken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Its claims; moments are seconds since 1970."""

    iss: str
    sub: UUID
    aud: UUID | None
    exp: int
    iat: int
    auth_time: int
    at_hash: str
    amr: tuple[str, ...] = ()
    nonce: str = ""


def id_token(made: Tokens, *, issuer: str, now: datetime, lifetime: int, at_hash: str) -> IdToken:
    """The claims for what a program was given after a person signed in."""
    at, grant = int(now.timestamp()), made.grant
    signed_in = int((made.authenticated_at or now).timestamp())
    return IdToken(issuer, grant.user_id, grant.client_id, at + lifetime, at, signed_in, at_hash, grant.methods, made.nonce or "")


def at_hash(access_token: str) -> str:
    """What binds an id token of RS256 to the access token beside it (3.1.3.6): the left half of its SHA-256."""
    return urlsafe_b64encode(hashlib.sha256(access_token.encode("ascii")).digest()[:16]).rstrip(b"=").decode()
