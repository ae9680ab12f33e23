"""Daybook as a provider of OpenID Connect: what it can do, and who has signed in."""

import msgspec
from litestar import Response

from api.identity.oauth_speaking import as_json
from api.shared.access import PUBLIC, caller
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import query, query_by_post
from application.identity.oauth_client import SCOPES
from domain.identity.oauth_client import CODE, ITSELF, REFRESH
from domain.shared.refused import InsufficientScope, Unauthenticated
from projections.identity.userinfo import UserInfo, user_info

BY_SECRET = ("client_secret_basic", "client_secret_post")


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """What this provider can do (OpenID Connect Discovery, 3; RFC 8414, 2)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    introspection_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    scopes_supported: tuple[str, ...] = SCOPES
    response_types_supported: tuple[str, ...] = ("code",)
    response_modes_supported: tuple[str, ...] = ("query",)
    grant_types_supported: tuple[str, ...] = (CODE, REFRESH, ITSELF)
    subject_types_supported: tuple[str, ...] = ("public",)
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = (*BY_SECRET, "none")
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = BY_SECRET
    revocation_endpoint_auth_methods_supported: tuple[str, ...] = (*BY_SECRET, "none")
    claims_supported: tuple[str, ...] = ("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "name", "email", "email_verified")
    prompt_values_supported: tuple[str, ...] = ("none", "login", "consent", "select_account")
    authorization_response_iss_parameter_supported: bool = True
    request_parameter_supported: bool = False
    request_uri_parameter_supported: bool = False
    claims_parameter_supported: bool = False


def _discovery(request: Req) -> Response[bytes]:
    at = parts(request).rules.address
    shown = Discovery(
        issuer=at,
        authorization_endpoint=f"{at}/oauth/authorize",
        token_endpoint=f"{at}/oauth/token",
        userinfo_endpoint=f"{at}/userinfo",
        introspection_endpoint=f"{at}/oauth/introspect",
        revocation_endpoint=f"{at}/oauth/revoke",
        jwks_uri=f"{at}/.well-known/jwks.json",
    )
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(msgspec.json.encode(shown), media_type="application/json", headers=headers)


@query("/.well-known/openid-configuration", needs=PUBLIC, answers=Discovery, tags=["oauth"])
async def openid_configuration(request: Req) -> Response[bytes]:
    """What this provider can do (OpenID Connect Discovery)."""
    return _discovery(request)


@query("/.well-known/oauth-authorization-server", needs=PUBLIC, answers=Discovery, tags=["oauth"])
async def oauth_authorization_server(request: Req) -> Response[bytes]:
    """The same, for programs that know OAuth only (RFC 8414)."""
    return _discovery(request)


@query("/userinfo", needs=PUBLIC, answers=UserInfo, tags=["oauth"])
async def userinfo(request: Req) -> Response[bytes]:
    """Who signed in: for access tokens with the scope `openid` (OpenID Connect Core, 5.3)."""
    return await _userinfo(request)


@query_by_post("/userinfo", needs=PUBLIC, answers=UserInfo, tags=["oauth"])
async def userinfo_by_post(request: Req) -> Response[bytes]:
    """Who signed in, asked by POST."""
    return await _userinfo(request)


async def _userinfo(request: Req) -> Response[bytes]:
    known, who = parts(request), caller(request)
    if who.id is None:
        raise Unauthenticated
    if who.scopes is not None and "openid" not in who.scopes:
        raise InsufficientScope("This needs the scope openid.", scope="openid")
    return as_json(await user_info(known.log, known.names, who.id, who.scopes))
