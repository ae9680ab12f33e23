"""What is sensitive asks for a sign-in of the last ten minutes (RFC 9470), and says how to give it."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from tests.identity.http import client
from tests.identity.second_factors import LOGIN, bearer, enable, told
from tests.identity.small_daybook import NOON, PASSWORD, Identity

SENSITIVE = "/api/v1/auth/2fa/setup"
PROVE = "/api/v1/auth/reauthenticate"


@pytest.fixture
async def http(identity: Identity) -> AsyncIterator[AsyncTestClient[Any]]:
    async with client(identity) as opened:
        yield opened


@pytest.fixture
async def signed_in(http) -> Any:
    return await http.post("/api/v1/auth/register", json=LOGIN | {"name": "Ada Lovelace"})


def claims(answer: Any) -> dict[str, Any]:
    body = answer.json()["access_token"].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return found


async def test_an_old_sign_in_is_asked_to_be_repeated(http, identity, signed_in):
    assert (await http.post(SENSITIVE, headers=bearer(signed_in))).status_code == 200
    identity.later(601)
    refused = await http.post(SENSITIVE, headers=bearer(signed_in))
    assert told(refused) == (401, "reauthentication_required")
    wanted = refused.headers["www-authenticate"]
    assert wanted.startswith('Bearer error="insufficient_user_authentication"')
    assert "max_age=600" in wanted


async def test_a_refreshed_session_is_as_old_as_its_sign_in(http, identity, signed_in):
    identity.later(601)
    fresh = await http.post("/api/v1/auth/refresh", json={"refresh_token": signed_in.json()["refresh_token"]})
    assert claims(fresh)["auth_time"] == NOON.timestamp()
    assert told(await http.post(SENSITIVE, headers=bearer(fresh))) == (401, "reauthentication_required")


async def test_who_has_proved_it_again_goes_on_at_once(http, identity, signed_in):
    identity.later(601)
    assert told(await http.post(SENSITIVE, headers=bearer(signed_in))) == (401, "reauthentication_required")
    proved = await http.post(PROVE, json={"password": PASSWORD}, headers=bearer(signed_in))
    assert proved.status_code == 200, proved.text
    assert claims(proved)["auth_time"] == NOON.timestamp() + 601
    assert claims(proved)["sid"] == claims(signed_in)["sid"]
    assert (await http.post(SENSITIVE, headers=bearer(proved))).status_code == 200
    assert (await http.post(SENSITIVE, headers=bearer(signed_in))).status_code == 200
    assert "Reauthenticated" in identity.facts()


async def test_a_wrong_password_proves_nothing_and_is_counted(http, identity, signed_in):
    identity.later(601)
    refused = await http.post(PROVE, json={"password": "wrong"}, headers=bearer(signed_in))
    assert told(refused) == (401, "invalid_credentials")
    assert sum(identity.attempts.counted.values()) == 1
    assert told(await http.post(SENSITIVE, headers=bearer(signed_in))) == (401, "reauthentication_required")


async def test_who_proves_it_is_forgiven_what_failed_before(http, identity, signed_in):
    await http.post(PROVE, json={"password": "wrong"}, headers=bearer(signed_in))
    assert sum(identity.attempts.counted.values()) == 1
    assert (await http.post(PROVE, json={"password": PASSWORD}, headers=bearer(signed_in))).status_code == 200
    assert sum(identity.attempts.counted.values()) == 0


async def test_it_takes_a_code_where_the_second_factor_is_on(http, identity, signed_in):
    authenticator, _ = await enable(http, bearer(signed_in), lambda: identity.time)
    identity.later(601)
    refused = await http.post(PROVE, json={"password": PASSWORD}, headers=bearer(signed_in))
    assert told(refused) == (401, "mfa_required")
    refused = await http.post(PROVE, json={"password": PASSWORD, "code": authenticator.wrong()}, headers=bearer(signed_in))
    assert told(refused) == (401, "mfa_invalid")
    proved = await http.post(PROVE, json={"password": PASSWORD, "code": authenticator.code()}, headers=bearer(signed_in))
    assert claims(proved)["amr"] == ["pwd", "otp"]


async def test_signing_out_acts_at_once_where_it_was_answered(http, signed_in):
    assert (await http.get("/api/v1/auth/me", headers=bearer(signed_in))).status_code == 200
    await http.post("/api/v1/auth/logout", headers=bearer(signed_in))
    assert told(await http.get("/api/v1/auth/me", headers=bearer(signed_in))) == (401, "invalid_token")


async def test_signing_out_by_refresh_token_acts_at_once_too(http, signed_in):
    assert (await http.get("/api/v1/auth/me", headers=bearer(signed_in))).status_code == 200
    await http.post("/api/v1/auth/logout", json={"refresh_token": signed_in.json()["refresh_token"]})
    assert told(await http.get("/api/v1/auth/me", headers=bearer(signed_in))) == (401, "invalid_token")
