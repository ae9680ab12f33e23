"""Access tokens, as the application knows them: who says so is `infra.security.tokens`."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class AccessClaims(msgspec.Struct, frozen=True, gc=False):
    """What a verified access token says (RFC 9068); moments are seconds since 1970."""

    sub: UUID
    sid: UUID
    role: str
    exp: int
    iat: int
    jti: UUID


class AccessTokens(Protocol):
    """Issues and verifies access tokens."""

    @property
    def lifetime(self) -> int:
        """Seconds a token is valid."""

    def issue(self, user_id: UUID, session_id: UUID, role: str, now: datetime) -> str:
        """A signed token."""

    def verify(self, token: str, now: datetime) -> AccessClaims:
        """What an authentic token of the present says; raises `InvalidToken` (or `TokenExpired`) for every other text."""

    def jwks(self) -> bytes:
        """The public keys as a JSON Web Key Set (RFC 7517)."""
