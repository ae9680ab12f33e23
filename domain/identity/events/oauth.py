"""What happened to programs that act for people or for themselves (OAuth 2.0), and to the codes they are given."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event, recorded_as


@recorded_as("oauth_client.registered")
class OAuthClientRegistered(Event, frozen=True, gc=False):
    """A program may ask for tokens. `service_account` is the account it acts as when it acts for itself."""

    client_id: UUID
    name: str
    kind: str
    redirect_uris: tuple[str, ...]
    grants: tuple[str, ...]
    scopes: tuple[str, ...]
    service_account: UUID | None = None


@recorded_as("oauth_client.secret_rotated")
class OAuthClientSecretRotated(Event, frozen=True, gc=False):
    """The program has another secret; the one before it does not count any more."""

    client_id: UUID


@recorded_as("oauth_client.removed")
class OAuthClientRemoved(Event, frozen=True, gc=False):
    """The program is not known any more, and neither are its tokens."""

    client_id: UUID


@recorded_as("oauth_code.issued")
class CodeIssued(Event, frozen=True, gc=False):
    """A person signed in and let a program act for them within `scopes`; the program can fetch its tokens until `expires_at`.

    `challenge` is that of PKCE (RFC 7636, S256). `nonce` is the program's own word for its id token.
    """

    code_id: UUID
    client_id: UUID
    user_id: UUID
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    nonce: str
    authenticated_at: datetime
    methods: tuple[str, ...]
    expires_at: datetime


@recorded_as("oauth_code.redeemed")
class CodeRedeemed(Event, frozen=True, gc=False):
    """The program fetched its tokens; they are those of this session."""

    code_id: UUID
    session_id: UUID


@recorded_as("oauth_code.reuse_detected")
class CodeReuseDetected(Event, frozen=True, gc=False):
    """A code was shown although it was spent: a copy of it is in other hands (RFC 6749, 4.1.2)."""

    code_id: UUID
    session_id: UUID
