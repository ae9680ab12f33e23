"""Signing in with a second factor, as clients speak it (security.md 6)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from application.identity.typed import Typed
from application.identity.user import CreateUser
from application.shared.context import SYSTEM
from domain.identity.events import RoleGranted
from domain.identity.role import Role
from tests.identity.http import client
from tests.identity.second_factors import LOGIN, Authenticator, bearer, challenge, enable, told, verify
from tests.identity.small_daybook import PASSWORD, Identity


@pytest.fixture
async def http(identity: Identity) -> AsyncIterator[AsyncTestClient[Any]]:
    async with client(identity) as opened:
        yield opened


@pytest.fixture
async def ada(http) -> dict[str, str]:
    """Somebody signed in."""
    made = await http.post("/api/v1/auth/register", json=LOGIN | {"name": "Ada Lovelace"})
    assert made.status_code == 201, made.text
    return bearer(made)


@pytest.fixture
async def guarded(http, identity, ada) -> tuple[Authenticator, list[str]]:
    """Her second factor is on, and the code that confirmed it is of a step long gone."""
    made = await enable(http, ada, lambda: identity.time)
    identity.later(60)
    return made


async def me(http, headers):
    return (await http.get("/api/v1/auth/me", headers=headers)).json()


async def test_a_seed_that_is_not_confirmed_changes_nothing(http, ada):
    shown = await http.post("/api/v1/auth/2fa/setup", headers=ada)
    assert shown.headers["cache-control"] == "no-store"
    assert (await me(http, ada))["second_factor"] is False
    assert "access_token" in (await http.post("/api/v1/auth/login", json=LOGIN)).json()


async def test_the_first_code_switches_it_on_shows_ten_recovery_codes_and_ends_other_sessions(http, identity, ada):
    other = bearer(await http.post("/api/v1/auth/login", json=LOGIN))
    _, codes = await enable(http, ada, lambda: identity.time)
    assert len(set(codes)) == 10
    identity.later(1.001)
    assert (await me(http, ada))["second_factor"] is True
    assert told(await http.get("/api/v1/auth/me", headers=other)) == (401, "invalid_token")


async def test_signing_in_takes_both_factors_and_the_token_says_so(http, identity, guarded):
    answer = await verify(http, await challenge(http), guarded[0].code())
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["email"] == "ada@example.org"
    assert answer.json()["refresh_token"]
    assert (await me(http, bearer(answer)))["second_factor"] is True
    (opened,) = [one.event for one in identity.log.recorded if type(one.event).__name__ == "SessionOpened"][-1:]
    assert opened.methods == ("pwd", "otp")


@pytest.mark.parametrize("step", [-1, 0, 1])
async def test_codes_of_the_steps_beside_the_present_one_are_accepted(http, guarded, step):
    assert (await verify(http, await challenge(http), guarded[0].code(step))).status_code == 200


@pytest.mark.parametrize("step", [-2, 2])
async def test_codes_of_steps_further_away_are_not(http, guarded, step):
    assert told(await verify(http, await challenge(http), guarded[0].code(step))) == (401, "mfa_invalid")


async def test_a_code_is_accepted_once_wherever_it_is_shown(http, identity, ada):
    authenticator, _ = await enable(http, ada, lambda: identity.time)
    first = authenticator.code()
    identity.later(1)
    assert told(await verify(http, await challenge(http), first)) == (401, "mfa_invalid")
    identity.later(30)
    second = authenticator.code()
    proof = {"password": PASSWORD, "code": second}
    assert (await http.post("/api/v1/auth/reauthenticate", json=proof, headers=ada)).status_code == 200
    assert told(await verify(http, await challenge(http), second)) == (401, "mfa_invalid")
    assert told(await http.post("/api/v1/auth/2fa/recovery-codes", json={"code": second}, headers=ada)) == (401, "mfa_invalid")
    assert told(await http.post("/api/v1/auth/2fa/disable", json=proof, headers=ada)) == (401, "mfa_invalid")
    identity.later(30)
    assert (await verify(http, await challenge(http), authenticator.code())).status_code == 200


async def test_the_half_finished_sign_in_can_do_nothing_else(http, guarded):
    token = await challenge(http)
    for path in ("/api/v1/auth/me", "/api/v1/users/me"):
        assert told(await http.get(path, headers={"Authorization": f"Bearer {token}"})) == (401, "invalid_token")
    assert told(await http.post("/api/v1/auth/refresh", json={"refresh_token": token})) == (401, "invalid_token")
    assert told(await http.post("/api/v1/auth/2fa/setup", headers={"Authorization": f"Bearer {token}"})) == (401, "invalid_token")
    for other in ("", "x", token[:-1] + ("A" if token[-1] != "A" else "B"), token.upper()):
        assert (await verify(http, other, guarded[0].code())).status_code == 401


async def test_a_challenge_is_good_for_one_session(http, identity, guarded):
    token = await challenge(http)
    assert (await verify(http, token, guarded[0].code())).status_code == 200
    identity.later(60)
    assert told(await verify(http, token, guarded[0].code())) == (401, "invalid_token")


async def test_a_challenge_ends_after_five_minutes(http, identity, guarded):
    token = await challenge(http)
    identity.later(299)
    assert told(await verify(http, token, guarded[0].wrong())) == (401, "mfa_invalid")
    identity.later(1)
    assert told(await verify(http, token, guarded[0].code())) == (401, "invalid_token")


async def test_a_challenge_ends_after_five_wrong_codes_each_of_which_is_a_fact(http, identity, guarded):
    token = await challenge(http)
    for _ in range(5):
        assert told(await verify(http, token, guarded[0].wrong())) == (401, "mfa_invalid")
    assert told(await verify(http, token, guarded[0].code())) == (401, "invalid_token")
    failed = [one.event.tries for one in identity.log.recorded if type(one.event).__name__ == "ChallengeFailed"]
    assert failed == [1, 2, 3, 4, 5]
    assert sum(identity.attempts.counted.values()) == 5


async def test_whatever_ends_the_sessions_ends_challenges_too(http, identity, ada, guarded):
    token = await challenge(http)
    identity.later(1)
    proof = {"password": PASSWORD, "code": guarded[0].code()}
    assert (await http.post("/api/v1/auth/2fa/disable", json=proof, headers=ada)).status_code == 204
    assert (await enable(http, ada, lambda: identity.time))[1]
    identity.later(30)
    assert told(await verify(http, token, guarded[0].code())) == (401, "invalid_token")


async def test_each_recovery_code_is_good_once_in_any_spelling(http, guarded):
    codes = guarded[1]
    assert (await verify(http, await challenge(http), codes[3].upper().replace("-", " "))).status_code == 200
    assert told(await verify(http, await challenge(http), codes[3])) == (401, "mfa_invalid")
    assert (await verify(http, await challenge(http), codes[4])).status_code == 200


async def test_new_recovery_codes_void_the_old_ones(http, ada, guarded):
    made = await http.post("/api/v1/auth/2fa/recovery-codes", json={"code": guarded[0].code()}, headers=ada)
    assert len(made.json()["recovery_codes"]) == 10
    assert told(await verify(http, await challenge(http), guarded[1][0])) == (401, "mfa_invalid")
    assert (await verify(http, await challenge(http), made.json()["recovery_codes"][0])).status_code == 200


async def test_doing_without_it_takes_password_and_code(http, identity, ada, guarded):
    for password, code, expected in (("wrong", guarded[0].code(), "invalid_credentials"), (PASSWORD, guarded[0].wrong(), "mfa_invalid")):
        refused = await http.post("/api/v1/auth/2fa/disable", json={"password": password, "code": code}, headers=ada)
        assert told(refused) == (401, expected)
    proof = {"password": PASSWORD, "code": guarded[0].code()}
    assert (await http.post("/api/v1/auth/2fa/disable", json=proof, headers=ada)).status_code == 204
    assert (await me(http, ada))["second_factor"] is False
    assert "access_token" in (await http.post("/api/v1/auth/login", json=LOGIN)).json()
    assert not [kind for kind, _ in identity.log.vault if kind in {"totp", "recovery_codes"}]


@pytest.mark.usefixtures("guarded")
async def test_an_administrator_resets_it_and_the_sessions_end(http, identity, ada):
    boss = await identity.register("boss@example.org")
    await identity.record(boss.person.id, RoleGranted(user_id=boss.person.id, role=Role.ADMIN))
    admin = bearer(await http.post("/api/v1/auth/login", json={"email": "boss@example.org", "password": PASSWORD}))
    path = f"/api/v1/users/{(await me(http, ada))['id']}/2fa/reset"
    assert told(await http.post(path, headers=ada)) == (403, "insufficient_role")
    assert (await http.post(path, headers=admin)).status_code == 204
    assert (await http.post(path, headers=admin)).status_code == 204
    identity.later(1.001)
    assert told(await http.get("/api/v1/auth/me", headers=ada)) == (401, "invalid_token")
    assert "access_token" in (await http.post("/api/v1/auth/login", json=LOGIN)).json()
    assert identity.facts().count("TotpReset") == 1
    assert told(await http.post(f"/api/v1/users/{identity.new_id()}/2fa/reset", headers=admin)) == (404, "not_found")


async def test_it_is_set_up_once_and_confirmed_once(http, identity, ada):
    assert told(await http.post("/api/v1/auth/2fa/enable", json={"code": "123456"}, headers=ada)) == (409, "second_factor_not_offered")
    assert told(await http.post("/api/v1/auth/2fa/recovery-codes", json={"code": "123456"}, headers=ada)) == (409, "second_factor_is_off")
    lost = Authenticator((await http.post("/api/v1/auth/2fa/setup", headers=ada)).json()["secret"], lambda: identity.time)
    authenticator, _ = await enable(http, ada, lambda: identity.time)
    assert told(await http.post("/api/v1/auth/2fa/setup", headers=ada)) == (409, "second_factor_is_on")
    assert told(await http.post("/api/v1/auth/2fa/enable", json={"code": authenticator.code(1)}, headers=ada)) == (409, "second_factor_is_on")
    identity.later(1)
    assert told(await verify(http, await challenge(http), lost.code())) == (401, "mfa_invalid")


async def test_a_wrong_first_code_leaves_it_off(http, identity, ada):
    authenticator = Authenticator((await http.post("/api/v1/auth/2fa/setup", headers=ada)).json()["secret"], lambda: identity.time)
    assert told(await http.post("/api/v1/auth/2fa/enable", json={"code": authenticator.wrong()}, headers=ada)) == (401, "mfa_invalid")
    assert (await me(http, ada))["second_factor"] is False


@pytest.mark.parametrize("role", [Role.NODE, Role.SERVICE])
async def test_machines_have_no_second_factor(http, identity, role):
    await identity.ask(CreateUser(email="m@example.org", name="M", password=Typed(PASSWORD), role=role), SYSTEM)
    machine = bearer(await http.post("/api/v1/auth/login", json={"email": "m@example.org", "password": PASSWORD}))
    expected = "second_factor_not_for_machines" if role is Role.NODE else "insufficient_role"
    assert told(await http.post("/api/v1/auth/2fa/setup", headers=machine)) == (403, expected)


async def test_neither_seed_nor_codes_stand_anywhere_but_in_the_vault(http, identity, ada):
    headers = ada | {"Idempotency-Key": "k"}
    authenticator, codes = await enable(http, headers, lambda: identity.time)
    written = repr(identity.log.recorded) + repr(identity.log.metadata) + repr(identity.log._http_keys)
    assert not [secret for secret in (authenticator.codes.secret, *codes, *(code.replace("-", "") for code in codes)) if secret in written]
    assert all(kept.written.answer is None for kept in identity.log._http_keys.values())
    assert not [entry for entry in identity.log.vault.values() if authenticator.codes.byte_secret() in entry]
