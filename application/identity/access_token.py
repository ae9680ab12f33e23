"""Access tokens, as the application knows them: who says so is `infra.security.tokens`."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from domain.identity.errors import InvalidToken


class UnknownKey(InvalidToken):
    """The token is not valid."""

    @classmethod
    def code(cls) -> str:
        """The same as for every other unfit token: only `AccessTokens.refresh` makes a difference."""
        return "invalid_token"


class AccessClaims(msgspec.Struct, frozen=True, gc=False):
    """What a verified access token says (RFC 9068); moments are seconds since 1970. The session `sid` decides what it is worth."""

    sub: UUID
    sid: UUID
    role: str
    exp: int
    iat: int
    jti: UUID
    scope: str = ""
    client_id: UUID | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token is to say beside the usual: whose it is, in which session, and what a program may do with it.

    `methods` (RFC 8176) and `authenticated_at` tell how and when the person proved who they are (RFC 9470).
    """

    user_id: UUID
    session_id: UUID
    role: str
    authenticated_at: datetime | None = None
    methods: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None
    client_id: UUID | None = None


class AccessTokens(Protocol):
    """Issues and verifies access tokens."""

    @property
    def lifetime(self) -> int:
        """Seconds a token is valid."""

    def issue(self, grant: Grant, now: datetime) -> str:
        """A signed token."""

    def sign(self, claims: bytes, typ: str, now: datetime) -> str:
        """A signed JWT of another type, with these claims (JSON)."""

    def verify(self, token: str, now: datetime) -> AccessClaims:
        """What an authentic token of the present says; raises `InvalidToken` (or `TokenExpired`) for every other text, and
        `UnknownKey` for one whose key this process does not know, or not yet.
        """

    async def refresh(self) -> None:
        """Look for keys that other processes made or retired, unless that was done a moment ago."""

    def jwks(self) -> bytes:
        """The public keys as a JSON Web Key Set (RFC 7517)."""
