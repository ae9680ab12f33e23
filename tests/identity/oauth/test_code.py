"""The code grant: a person lets a program act for them (RFC 6749, 4.1; RFC 7636; OpenID Connect Core)."""

import asyncio
import hashlib

import jwt
import pytest

from tests.eventually import eventually
from tests.http.daybook import problem
from tests.identity.oauth.program import CALLBACK, VERIFIER, allow, back, bearer, error, person, registered
from tests.identity.second_factors import enable


@pytest.fixture(scope="module")
async def program(api):
    return await registered(api)


@pytest.fixture(scope="module")
async def email(api):
    return await person(api)


async def test_a_person_consents_and_the_program_gets_tokens_that_say_who_it_is(api, program, email):
    told = back(await allow(api, await program.ask(), email))
    assert told.keys() == {"from", "code", "state", "iss"}
    assert (told["state"], told["iss"], told["from"]) == ("s t&te", "http://daybook.test", "daybook")
    answer = await program.redeem(told["code"])
    tokens = answer.json()
    assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "openid profile email tasks:read")
    assert answer.headers["cache-control"] == "no-store"
    keys = jwt.PyJWKSet.from_dict((await api("GET", "/.well-known/jwks.json")).json())
    head = jwt.get_unverified_header(tokens["id_token"])
    claims = jwt.decode(tokens["id_token"], keys[head["kid"]], algorithms=["RS256"], audience=program.id, issuer="http://daybook.test")
    assert (claims["nonce"], claims["amr"]) == ("once", ["pwd"])
    assert claims["at_hash"] == jwt.utils.base64url_encode(hashlib.sha256(tokens["access_token"].encode()).digest()[:16]).decode()
    assert claims["auth_time"] <= claims["iat"] < claims["exp"]
    access = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (access["client_id"], access["scope"], access["sub"]) == (program.id, tokens["scope"], claims["sub"])
    who = await api("GET", "/userinfo", bearer(tokens))
    assert who.json() == {"sub": claims["sub"], "name": "Ada Lovelace", "email": email, "email_verified": False}
    assert (await api("POST", "/userinfo", bearer(tokens))).json() == who.json()


async def test_a_token_reaches_as_far_as_its_scopes_and_no_further(api, program, email):
    tokens = await program.tokens(email)
    assert (await api("GET", "/api/v1/tasks", bearer(tokens))).status_code == 200
    assert problem(await api("POST", "/api/v1/tasks", bearer(tokens), json={"title": "x"})) == (403, "insufficient_scope")
    assert problem(await api("GET", "/api/v1/auth/me", bearer(tokens))) == (403, "insufficient_scope")


async def test_an_id_token_opens_nothing(api, program, email):
    tokens = await program.tokens(email)
    assert problem(await api("GET", "/api/v1/tasks", {"Authorization": f"Bearer {tokens['id_token']}"})) == (401, "invalid_token")


async def test_a_person_cannot_give_what_they_do_not_have(api, program, email):
    tokens = await program.tokens(email, scope="openid users:read tasks:read nodes:read nonsense")
    assert tokens["scope"] == "openid tasks:read"
    admin = await person(api, "admin")
    assert (await program.tokens(admin, scope="users:read nodes:read"))["scope"] == "users:read"
    assert back(await allow(api, await program.ask(scope="users:read"), email))["error"] == "invalid_scope"
    assert back(await program.ask(scope="nodes:read"))["error"] == "invalid_scope"


async def test_without_openid_there_is_no_id_token_and_no_userinfo(api, program, email):
    tokens = await program.tokens(email, scope="tasks:read profile")
    assert "id_token" not in tokens
    assert problem(await api("GET", "/userinfo", bearer(tokens))) == (403, "insufficient_scope")
    only = await program.tokens(email, scope="openid")
    assert (await api("GET", "/userinfo", bearer(only))).json().keys() == {"sub"}


async def test_a_code_shown_twice_ends_the_session_it_was_spent_for(api, program, email):
    code = await program.code(email)
    tokens = (await program.redeem(code)).json()
    assert (await api("GET", "/api/v1/tasks", bearer(tokens))).status_code == 200
    assert error(await program.redeem(code)) == (400, "invalid_grant")
    assert error(await program.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])) == (400, "invalid_grant")

    async def refused() -> bool:
        return (await api("GET", "/api/v1/tasks", bearer(tokens))).status_code == 401

    await eventually(refused, 1)


async def test_of_many_who_show_one_code_at_once_at_most_one_gets_tokens(program, email):
    code = await program.code(email)
    answers = await asyncio.gather(*(program.redeem(code) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": VERIFIER + "x"},
        {"code_verifier": "short"},
        {"redirect_uri": "https://app.example.org/callback"},
        {"redirect_uri": CALLBACK + "/"},
    ],
)
async def test_a_code_is_bound_to_what_it_was_asked_with(program, email, changed):
    code = await program.code(email)
    assert error(await program.redeem(code, **changed)) == (400, "invalid_grant")
    assert (await program.redeem(code)).status_code == 200


async def test_a_code_is_of_no_use_to_another_program(api, program, email):
    other = await registered(api, name="Other")
    assert error(await other.redeem(await program.code(email))) == (400, "invalid_grant")


async def test_a_changed_code_is_none(program, email):
    code = await program.code(email)
    assert error(await program.redeem(code[:-1] + ("A" if code[-1] != "A" else "B"))) == (400, "invalid_grant")


async def test_a_program_without_a_secret_is_held_by_its_verifier(api, email):
    public = await registered(api, kind="public")
    assert public.secret is None
    code = await public.code(email)
    assert error(await public.redeem(code, code_verifier="")) == (400, "invalid_request")
    assert error(await public.redeem(code, client_secret="guessed")) == (401, "invalid_client")
    assert (await public.redeem(code)).status_code == 200


async def test_who_has_a_second_factor_must_show_it_here_too(api, program):
    email = await person(api)
    headers = await api.sign_in(email)
    authenticator, recovery = await enable(api.http, headers, api.system.log.now)
    page = await program.ask()
    without = await allow(api, page, email)
    assert (without.status_code, "second factor" in without.text) == (401, True)
    assert (await allow(api, without, email, code=authenticator.wrong())).status_code == 401
    code = back(await allow(api, page, email, code=authenticator.code(1)))["code"]
    claims = jwt.decode((await program.redeem(code)).json()["id_token"], options={"verify_signature": False})
    assert claims["amr"] == ["pwd", "otp"]
    again = await allow(api, await program.ask(), email, code=authenticator.code(1))
    assert again.status_code == 401
    assert "code" in back(await allow(api, again, email, code=recovery[0]))


async def test_between_consent_and_code_an_end_of_all_sessions_counts(api, program):
    email = await person(api)
    code = await program.code(email)
    headers = await api.sign_in(email)
    assert (await api("POST", "/api/v1/auth/logout-all", headers)).status_code == 204
    assert error(await program.redeem(code)) == (400, "invalid_grant")
