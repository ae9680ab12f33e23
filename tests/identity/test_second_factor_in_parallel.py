"""One code, many sign-ins at the same time, on real servers: exactly one gets in (security.md 6)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.http.daybook import PASSWORD, Api
from tests.identity.second_factors import Authenticator, bearer, challenge, enable, verify


async def guarded(api: Api) -> tuple[dict[str, str], Authenticator, list[str]]:
    """Somebody new whose second factor is on; their authenticator goes a step ahead, so that its next code was not used."""
    login = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    made = await api("POST", "/api/v1/auth/register", json=login | {"name": "Ada"})
    assert made.status_code == 201, made.text
    authenticator, codes = await enable(api.http, bearer(made), api.system.log.now)
    authenticator.now = lambda: api.system.log.now() + timedelta(seconds=30)
    return login, authenticator, codes


@pytest.mark.parametrize("kind", ["totp", "recovery"])
async def test_of_twenty_sign_ins_at_once_with_one_code_exactly_one_succeeds(api, kind):
    login, authenticator, codes = await guarded(api)
    tokens = [await challenge(api.http, login) for _ in range(20)]
    code = authenticator.code() if kind == "totp" else codes[0]
    answers = await asyncio.gather(*(verify(api.http, token, code) for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 19]
    (let_in,) = [answer for answer in answers if answer.status_code == 200]
    assert (await api("GET", "/api/v1/auth/me", bearer(let_in))).json()["second_factor"] is True
    assert {answer.json()["code"] for answer in answers if answer.status_code == 401} == {"mfa_invalid"}
    # A right code that came too late is no guess, so the next right one need not wait.
    assert (await verify(api.http, await challenge(api.http, login), codes[1])).status_code == 200


async def test_of_twenty_answers_to_one_challenge_exactly_one_succeeds(api):
    login, authenticator, codes = await guarded(api)
    token = await challenge(api.http, login)
    answers = await asyncio.gather(*(verify(api.http, token, code) for code in [authenticator.code(), *codes] * 2))
    assert sorted(answer.status_code for answer in answers)[:2] == [200, 401]
