"""Where programs get their tokens, ask about them and give them back (RFC 6749, 7662, 7009)."""

import contextlib
from base64 import b64decode
from binascii import Error
from typing import Annotated, Any
from urllib.parse import unquote_plus

import msgspec
from litestar import Response
from litestar.enums import HttpMethod
from msgspec import Meta

from api.identity.oauth_speaking import as_json, oauth
from api.shared.commanding import context
from api.shared.forms import Form, form_of
from api.shared.parts import parts
from api.shared.proof import claims_of
from api.shared.request import Req
from application.identity.id_token import at_hash, id_token
from application.identity.oauth_client import ClientProof, must_be_client
from application.identity.oauth_introspect import Introspection, introspect_refresh, introspected
from application.identity.oauth_token import ActForItself, RedeemCode, RefreshGrant, RevokeToken, Tokens
from application.shared.command import Command
from application.shared.work import UnitOfWork
from domain.identity.errors import AccountDisabled, InvalidToken
from domain.identity.oauth_client import CODE, ITSELF, REFRESH
from domain.identity.oauth_errors import InvalidClient, InvalidRequest, UnsupportedGrantType

Secret = Annotated[str | None, Meta(description="Of a confidential program, unless it stands in the Authorization header (Basic).")]
ClientId = Annotated[str | None, Meta(description="Which program asks, unless it stands in the Authorization header (Basic).")]


class ClientForm(Form, frozen=True):
    """What every program says of itself."""

    client_id: ClientId = None
    client_secret: Secret = None


class TokenForm(ClientForm, frozen=True):
    """What is exchanged for tokens."""

    grant_type: Annotated[
        str | None, Meta(description="`authorization_code`, `refresh_token` or `client_credentials`.", examples=["client_credentials"])
    ] = None
    code: Annotated[str | None, Meta(description="The code that came to the redirect_uri.")] = None
    redirect_uri: Annotated[str | None, Meta(description="The address the code came to.")] = None
    code_verifier: Annotated[str | None, Meta(description="What the code_challenge was made of (RFC 7636).")] = None
    refresh_token: Annotated[str | None, Meta(description="The refresh token of the last answer.")] = None
    scope: Annotated[str | None, Meta(description="What is wanted, with spaces between; left out: all the program may have.")] = None


class ShownForm(ClientForm, frozen=True):
    """The token that is asked about or given back."""

    token: Annotated[str | None, Meta(description="An access token or a refresh token.")] = None
    token_type_hint: Annotated[str | None, Meta(description="Not needed.", examples=["refresh_token"])] = None


class TokenAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tokens (RFC 6749, 5.1); `scope` is what was given, which may be less than was asked for."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


@oauth(HttpMethod.POST, "/oauth/token", form=TokenForm, needed=("grant_type",), answers=TokenAnswer)
async def exchange(request: Req) -> Response[bytes]:
    """Exchange a code, a refresh token or a secret for tokens.

    A code is good for one exchange; shown twice, it ends what came of it. Refresh tokens are rotated, as at `/api/v1/auth/refresh`.
    """
    form = await form_of(request, TokenForm)
    wish = _wish(form, _proof(request, form))
    outcome = await parts(request).dispatch(wish, await context(request))
    return _answer(request, outcome.result)


def _wish(form: TokenForm, client: ClientProof) -> Command:
    match form.grant_type:
        case None:
            raise InvalidRequest("grant_type is missing.")
        case str() as kind if kind == CODE:
            wanted = {"code": form.code, "redirect_uri": form.redirect_uri, "verifier": form.code_verifier}
            return RedeemCode(client=client, **_all_there(wanted))
        case str() as kind if kind == REFRESH:
            return RefreshGrant(client=client, scope=form.scope, **_all_there({"refresh_token": form.refresh_token}))
        case str() as kind if kind == ITSELF:
            return ActForItself(client=client, scope=form.scope)
    raise UnsupportedGrantType


def _all_there(wanted: dict[str, str | None]) -> dict[str, str]:
    missing = [name for name, value in wanted.items() if value is None]
    if missing:
        raise InvalidRequest(f"{missing[0].replace('verifier', 'code_verifier')} is missing.")
    return {name: value for name, value in wanted.items() if value is not None}


def _answer(request: Req, made: Tokens) -> Response[bytes]:
    known = parts(request)
    now, grant = known.log.now(), made.grant
    access, scopes = known.tokens.issue(grant, now), grant.scopes or ()
    identity = None
    if "openid" in scopes and made.authenticated_at is not None:
        claims = id_token(made, issuer=known.rules.address, now=now, lifetime=known.tokens.lifetime, at_hash=at_hash(access))
        identity = known.tokens.sign(msgspec.json.encode(claims), "JWT", now)
    return as_json(TokenAnswer(access, "Bearer", known.tokens.lifetime, " ".join(scopes), made.refresh_token, identity))


@oauth(HttpMethod.POST, "/oauth/introspect", form=ShownForm, needed=("token",), answers=Introspection)
async def introspect(request: Req) -> Response[bytes]:
    """Ask what a token of one's own is worth (RFC 7662); a token of others is answered like none."""
    form, known = await form_of(request, ShownForm), parts(request)
    proof, token = _proof(request, form), _all_there({"token": form.token})["token"]
    if proof.secret is None:
        raise InvalidClient
    reading = UnitOfWork(known.log, known.sealing)
    client = await must_be_client(reading, proof)
    found = await introspect_refresh(reading, known.sealing, token, client, known.log.now(), known.standing.idle)
    if found is None:
        with contextlib.suppress(InvalidToken, AccountDisabled):
            claims = await claims_of(known, token)
            found = introspected(claims, await known.standing.caller(claims), client, known.rules.address)
    return as_json(found or Introspection(active=False))


@oauth(HttpMethod.POST, "/oauth/revoke", form=ShownForm, needed=("token",))
async def revoke(request: Req) -> Response[bytes]:
    """Give a token back (RFC 7009): with either of them the whole session ends. What is no token is fine."""
    form, known = await form_of(request, ShownForm), parts(request)
    token = _all_there({"token": form.token})["token"]
    named: dict[str, Any] = {"refresh_token": token}
    with contextlib.suppress(InvalidToken):
        named = {"session_id": (await claims_of(known, token)).sid}
    await known.dispatch(RevokeToken(client=_proof(request, form), **named), await context(request))
    return Response(b"", headers={"Cache-Control": "no-store"})


def _proof(request: Req, form: ClientForm) -> ClientProof:
    """Which program asks (RFC 6749, 2.3.1); raises `InvalidRequest` for two ways at once, `InvalidClient` for none."""
    given = request.headers.get("authorization")
    if given is None:
        if form.client_id is None:
            raise InvalidClient
        return ClientProof(form.client_id, form.client_secret)
    scheme, _, packed = given.partition(" ")
    if form.client_secret is not None:
        raise InvalidRequest("Prove it in one way only.")
    try:
        name, colon, secret = b64decode(packed.strip(), validate=True).decode().partition(":")
    except (ValueError, Error) as error:
        raise InvalidClient from error
    client_id = unquote_plus(name)
    if scheme.lower() != "basic" or not colon or form.client_id not in {None, client_id}:
        raise InvalidClient
    return ClientProof(client_id, unquote_plus(secret))
