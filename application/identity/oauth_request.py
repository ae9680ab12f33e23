"""What a program asks a person for: read from the address it sent the browser to, and carried through the page to sign in on.

The page carries it as a text that only this server writes (HMAC), bound to one browser by a word in its cookie, so that no
other page can post it (CSRF). It can be used once: the code that comes of it has its id.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final, Self
from uuid import UUID

import msgspec

from application.shared.permissions import scopes_for
from application.shared.ports import Log, Sealing
from domain.identity.authorization_code import CHALLENGE
from domain.identity.oauth_client import CODE, OPENID, OAuthClient
from domain.identity.oauth_errors import (
    AuthorizationOver,
    InvalidRequest,
    InvalidScope,
    LoginRequired,
    RedirectUriMismatch,
    RequestNotSupported,
    UnknownClient,
    UnsupportedResponseType,
)

PATIENCE: Final = timedelta(minutes=10)
"""How long a person may look at the page."""
MAC: Final = 32
PROMPTS: Final = frozenset({"login", "consent", "select_account"})
LONGEST: Final = 512
"""Characters of `state` and of `nonce`."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of an authorization request as they came (RFC 6749, 4.1.1; RFC 7636; OpenID Connect Core, 3.1.2.1)."""

    client_id: str | None = None
    redirect_uri: str | None = None
    response_type: str | None = None
    response_mode: str | None = None
    scope: str | None = None
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    prompt: str | None = None
    max_age: str | None = None
    request: str | None = None
    request_uri: str | None = None


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A request that fits; `scopes` are those the program may have at most."""

    id: UUID
    client_id: UUID
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    expires_at: datetime
    state: str | None = None
    nonce: str = ""

    def text(self, sealing: Sealing, browser: str) -> str:
        """What stands in the page of this browser."""
        body = msgspec.json.encode(self)
        return urlsafe_b64encode(_mac(sealing, browser, body) + body).decode()

    @classmethod
    def parse(cls, text: str, sealing: Sealing, browser: str, now: datetime) -> Self:
        """The request behind a text; raises `AuthorizationOver` for one that is old, of another browser, or not ours."""
        try:
            raw = urlsafe_b64decode(text.encode("ascii"))
        except (ValueError, Error) as error:
            raise AuthorizationOver from error
        if not browser or not compare_digest(_mac(sealing, browser, raw[MAC:]), raw[:MAC]):
            raise AuthorizationOver
        try:
            request = msgspec.json.decode(raw[MAC:], type=cls)
        except msgspec.ValidationError as error:  # of an older release
            raise AuthorizationOver from error
        if now >= request.expires_at:
            raise AuthorizationOver
        return request

    def grantable(self, roles: frozenset[str]) -> tuple[str, ...]:
        """What of it a person with these roles can give; raises `InvalidScope` when that is nothing."""
        return granted(self.scopes, roles)


async def client_of(log: Log, asked: Asked) -> OAuthClient:
    """Who asks. Raises `UnknownClient`, `RedirectUriMismatch`, after which nobody may be sent anywhere (RFC 6749, 4.1.2.1)."""
    try:
        client, _ = await log.load(OAuthClient, UUID(asked.client_id or ""))
    except ValueError as error:
        raise UnknownClient from error
    if not client.exists or not client.redirect_uris:
        raise UnknownClient
    if asked.redirect_uri not in client.redirect_uris:
        raise RedirectUriMismatch
    return client


def judged(asked: Asked, client: OAuthClient, request_id: UUID, now: datetime) -> AuthorizationRequest:
    """The request, if it fits; everything it raises is told to the program at its address."""
    if asked.request is not None or asked.request_uri is not None:
        raise RequestNotSupported
    if asked.response_type is None:
        raise InvalidRequest("response_type is missing.")
    if asked.response_type != "code":
        raise UnsupportedResponseType
    client.must_be_allowed(CODE)
    if asked.response_mode not in {None, "query"}:
        raise InvalidRequest("Answers come in the query only.")
    if asked.code_challenge_method != "S256" or not CHALLENGE.fullmatch(asked.code_challenge or ""):
        raise InvalidRequest("A code_challenge of PKCE with code_challenge_method S256 is needed (RFC 7636).")
    if len(asked.state or "") > LONGEST or len(asked.nonce or "") > LONGEST:
        raise InvalidRequest(f"state and nonce have at most {LONGEST} characters.")
    _judge_prompt(asked)
    return AuthorizationRequest(
        id=request_id,
        client_id=client.id,
        redirect_uri=asked.redirect_uri or "",
        scopes=asked_for(asked.scope, client),
        challenge=asked.code_challenge or "",
        expires_at=now + PATIENCE,
        state=asked.state,
        nonce=asked.nonce or "",
    )


def asked_for(scope: str | None, client: OAuthClient) -> tuple[str, ...]:
    """The words of a scope that the client may have, all of its own where it names none; raises `InvalidScope` when none is left."""
    words = client.scopes if scope is None else tuple(word for word in dict.fromkeys(scope.split(" ")) if word in client.scopes)
    if not words:
        raise InvalidScope
    return words


def granted(scopes: tuple[str, ...], roles: frozenset[str]) -> tuple[str, ...]:
    """What of these scopes somebody with these roles can give: whom they are, and what they may do themselves."""
    possible = {*OPENID, *scopes_for(roles)}
    given = tuple(scope for scope in scopes if scope in possible)
    if not given:
        raise InvalidScope
    return given


def _judge_prompt(asked: Asked) -> None:
    # Nobody is known here before they sign in on the page, so `login` and any `max_age` are always honoured, and `none` never.
    prompts = set((asked.prompt or "").split())
    if "none" in prompts:
        raise LoginRequired if prompts == {"none"} else InvalidRequest("prompt=none stands alone.")
    if prompts - PROMPTS:
        raise InvalidRequest("This prompt is not known.")
    if asked.max_age is not None and not (asked.max_age.isascii() and asked.max_age.isdigit()):
        raise InvalidRequest("max_age is a number of seconds.")


def _mac(sealing: Sealing, browser: str, body: bytes) -> bytes:
    return sealing.hmac("authorization request", f"{browser}\n{body.hex()}")
