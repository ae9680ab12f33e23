"""An authorization code: a person's consent on its way to a program, good for one exchange within a minute (RFC 6749, 4.1)."""

import hashlib
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Final, Self
from uuid import UUID

from domain.identity.events import CodeIssued, CodeRedeemed, CodeReuseDetected
from domain.identity.oauth_errors import InvalidGrant
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event

LIFETIME: Final = timedelta(seconds=60)
NEVER: Final = datetime.min.replace(tzinfo=UTC)
CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""Of S256: SHA-256 in base64url (RFC 7636, 4.2)."""
VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class AuthorizationCode(Aggregate, frozen=True):
    """`session_id` is that of the tokens it was spent for."""

    client_id: UUID = NOBODY
    user_id: UUID = NOBODY
    redirect_uri: str = ""
    scopes: tuple[str, ...] = ()
    challenge: str = ""
    nonce: str = ""
    authenticated_at: datetime = NEVER
    methods: tuple[str, ...] = ()
    expires_at: datetime = NEVER
    session_id: UUID | None = None

    def redeem(self, client_id: UUID, redirect_uri: str, verifier: str, session_id: UUID, now: datetime) -> list[Event]:
        """Spend the code; raises `InvalidGrant` unless everything is as it was when it was asked for.

        Shown again by the same program, it is a fact of its own, and the tokens it was spent for are to be revoked.
        """
        if self.version == 0 or client_id != self.client_id:
            raise InvalidGrant
        if self.session_id is not None:
            return [CodeReuseDetected(code_id=self.id, session_id=self.session_id)]
        if now >= self.expires_at or redirect_uri != self.redirect_uri or not self._is_proved_by(verifier):
            raise InvalidGrant
        return [CodeRedeemed(code_id=self.id, session_id=session_id)]

    def _is_proved_by(self, verifier: str) -> bool:
        if not VERIFIER.fullmatch(verifier):
            return False
        digest = urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
        return compare_digest(digest, self.challenge.encode())

    def evolve(self, event: Event) -> Self:
        """The code after one more fact."""
        match event:
            case CodeIssued(client_id=client_id, user_id=user_id, redirect_uri=redirect_uri, scopes=scopes, challenge=challenge, nonce=nonce):
                asked = self.but(client_id=client_id, user_id=user_id, redirect_uri=redirect_uri, scopes=scopes, challenge=challenge, nonce=nonce)
                return asked.but(authenticated_at=event.authenticated_at, methods=event.methods, expires_at=event.expires_at)
            case CodeRedeemed(session_id=session_id):
                return self.but(session_id=session_id)
        return self
