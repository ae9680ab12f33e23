"""A client library that others wrote (authlib) speaks with Daybook as with any provider."""

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from infra.http.access_log import AccessLog
from infra.http.edge import Edge
from tests.identity.oauth.program import CALLBACK, VERIFIER, allow, person, registered

with warnings.catch_warnings(record=True):  # The library would rather have another httpx.
    from authlib.integrations.httpx_client import AsyncOAuth2Client

HERE = "http://daybook.test"


@asynccontextmanager
async def library(api, program, **more) -> AsyncIterator[AsyncOAuth2Client]:
    transport = httpx.ASGITransport(Edge(api.app, api.health, AccessLog(enabled=False)))
    known = {"client_id": program.id, "client_secret": program.secret, "token_endpoint": f"{HERE}/oauth/token"}
    async with AsyncOAuth2Client(**known, transport=transport, base_url=HERE, **more) as client:
        yield client


async def test_code_and_pkce_refresh_introspect_revoke(api):
    program, email = await registered(api), await person(api)
    async with library(api, program, redirect_uri=CALLBACK, scope="openid tasks:read", code_challenge_method="S256") as client:
        discovered = (await api("GET", "/.well-known/openid-configuration")).json()
        url, state = client.create_authorization_url(discovered["authorization_endpoint"], code_verifier=VERIFIER, nonce="n")
        done = await allow(api, await api("GET", url), email)
        token = await client.fetch_token(authorization_response=done.headers["location"], code_verifier=VERIFIER, state=state)
        assert token["scope"] == "openid tasks:read"
        assert (await client.get("/userinfo")).json()["sub"]
        assert (await client.get("/api/v1/tasks")).json()["items"] == []
        fresh = await client.refresh_token(discovered["token_endpoint"])
        assert fresh["refresh_token"] != token["refresh_token"]
        told = await client.introspect_token(discovered["introspection_endpoint"], token=fresh["access_token"])
        assert told.json()["active"] is True
        assert (await client.revoke_token(discovered["revocation_endpoint"], token=fresh["refresh_token"])).status_code == 200
        told = await client.introspect_token(discovered["introspection_endpoint"], token=fresh["refresh_token"])
        assert told.json() == {"active": False}


async def test_client_credentials_proved_in_either_way(api):
    program = await registered(api, grants=["client_credentials"], redirect_uris=[], scopes=["tasks:read"])
    for way in ("client_secret_basic", "client_secret_post"):
        async with library(api, program, token_endpoint_auth_method=way) as client:
            token = await client.fetch_token(grant_type="client_credentials")
            assert token["token_type"] == "Bearer"
            assert (await client.get("/api/v1/tasks")).status_code == 200
