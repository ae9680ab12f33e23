"""Callers whose proof is none, or none any more, and those that may only a part: each a way to headers."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import jwt

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, Headers
from tests.identity.oauth.program import person, registered
from tests.identity.second_factors import challenge, enable
from tests.infra.doubles.forge import forge

Bounded = tuple[str, Headers, frozenset[str]]
"""A role, headers, and the scopes they are bounded by."""


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


async def signed_in(api: Api, role: str = "admin") -> dict[str, Any]:
    """The answer to a sign-in of somebody new, with their e-mail."""
    who = await api.account(role)
    email = (await api("GET", "/api/v1/auth/me", who.headers)).json()["email"]
    made: dict[str, Any] = (await api("POST", "/api/v1/auth/login", json={"email": email, "password": PASSWORD})).json()
    return made | {"email": email}


def said(token: str) -> dict[str, Any]:
    """The claims of a token."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


async def expired(api: Api) -> Headers:
    token = (await signed_in(api))["access_token"]
    past = int(datetime.now(UTC).timestamp()) - 40
    return bearer(forge(said(token) | {"iat": past - 600, "nbf": past - 600, "exp": past}))


async def revoked(api: Api) -> Headers:
    who = bearer((await signed_in(api))["access_token"])
    assert (await api("POST", "/api/v1/auth/logout", who)).status_code == 204
    return who


async def disabled(api: Api) -> Headers:
    made = await signed_in(api)
    answer = await api("POST", f"/api/v1/users/{made['user']['id']}/disable", await api.admin(), json={"reason": "left"})
    assert answer.status_code == 200, answer.text
    return await until_refused(api, bearer(made["access_token"]))


async def until_refused(api: Api, who: Headers) -> Headers:
    """The same headers, once they open nothing: within a second."""

    async def refused() -> bool:
        return (await api("GET", "/api/v1/users", who)).status_code == 401

    await eventually(refused, 1)
    return who


async def half_signed_in(api: Api) -> Headers:
    made = await signed_in(api)
    await enable(api.http, bearer(made["access_token"]), lambda: datetime.now(UTC))
    return bearer(await challenge(api.http, {"email": made["email"], "password": PASSWORD}))


async def refreshing(api: Api) -> Headers:
    return bearer((await signed_in(api))["refresh_token"])


async def showing_an_id_token(api: Api) -> Headers:
    tokens = await (await registered(api)).tokens(await person(api, "admin"))
    return bearer(tokens["id_token"])


STRANGERS: Final[dict[str, Callable[[Api], Awaitable[Headers]]]] = {
    "an expired token": expired,
    "the token of a session that was ended": revoked,
    "the token of an account that was disabled": disabled,
    "the token of a half-finished sign-in": half_signed_in,
    "a refresh token": refreshing,
    "an ID token": showing_an_id_token,
}


async def a_client(api: Api) -> Bounded:
    """A program with a token of its own (client credentials)."""
    scopes = ["tasks:read", "tasks:create"]
    body = {"name": "Night shift", "grants": ["client_credentials"], "scopes": [*scopes, "tasks:edit"]}
    made = await api("POST", "/api/v1/oauth-clients", await api.admin(), json=body)
    assert made.status_code == 201, made.text
    proof = (made.json()["id"], made.json()["client_secret"])
    told = await api("POST", "/oauth/token", data={"grant_type": "client_credentials", "scope": " ".join(scopes)}, auth=proof)
    assert told.status_code == 200, told.text
    return "service", bearer(told.json()["access_token"]), frozenset(scopes)


async def a_program(api: Api) -> Bounded:
    """A program that acts for an administrator who consented."""
    tokens = await (await registered(api)).tokens(await person(api, "admin"), scope="openid tasks:read tasks:create users:read")
    return "admin", bearer(tokens["access_token"]), frozenset({"tasks:read", "tasks:create", "users:read"})


def key_of(role: str, *scopes: str) -> Callable[[Api], Awaitable[Bounded]]:
    """An API key of somebody with this role, with these scopes."""

    async def make(api: Api) -> Bounded:
        owner = await api.account(role)
        body = {"name": "nightly", "scopes": scopes, "owner_id": owner.id}
        made = await api("POST", "/api/v1/api-keys", await api.admin(), json=body)
        assert made.status_code == 201, made.text
        return role, {"X-API-Key": made.json()["key"]}, frozenset(scopes)

    return make


async def a_revoked_key(api: Api) -> Headers:
    """A key that counted a moment ago."""
    _, who, _ = await key_of("admin", "users:read", "audit:read")(api)
    assert (await api("GET", "/api/v1/users", who)).status_code == 200
    key_id = UUID(who["X-API-Key"].split("_")[1])
    assert (await api("DELETE", f"/api/v1/api-keys/{key_id}", await api.admin())).status_code == 204
    return await until_refused(api, who)


STRANGERS["a revoked API key"] = a_revoked_key
BOUNDED: Final[dict[str, Callable[[Api], Awaitable[Bounded]]]] = {
    "an OAuth client": a_client,
    "a program of an administrator": a_program,
    "a user's API key": key_of("user", "tasks:read", "tasks:work"),
    "an administrator's API key": key_of("admin", "users:read", "audit:read", "tasks:list-all"),
    "a node's API key": key_of("node", "tasks:claim", "nodes:report"),
}
