"""One Daybook signs people in at another: a real web server between them, and a browser that carries what it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import msgspec
import pytest

from application.identity.keyring import AddSigningKey, PrivateKey
from infra.local.program import free_port
from infra.security.signing_keys import new_signing_key, read_signing_keys
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, daybook, problem
from tests.http.listening import listening
from tests.identity.oauth.program import hidden, person, prove_email, registered
from tests.identity.second_factors import enable

HERE = "http://localhost:3999"
LOGIN, CALLBACK, LINK = (f"/api/v1/auth/oidc/other/{word}" for word in ("login", "callback", "link"))


class Pair(msgspec.Struct):
    """Both Daybooks, and a connection from the browser to the provider."""

    here: Api
    other: Api
    browser: httpx.AsyncClient

    async def consented(self, address: str, email: str) -> str:
        """What the browser does at the provider; the address it is sent back to."""
        page = await self.browser.get(address)
        form = {"request": hidden(page), "decision": "allow", "email": email, "password": PASSWORD}
        done = await self.browser.post("/oauth/authorize", data=form)
        assert done.status_code == 303, done.text
        assert done.headers["location"].startswith(f"{HERE}{CALLBACK}?")
        return done.headers["location"].removeprefix(HERE)

    async def way_back(self, email: str) -> str:
        """Begin a sign-in here, and come back from there with a code."""
        begun = await self.here("GET", LOGIN)
        assert begun.status_code == 302, begun.text
        return await self.consented(begun.headers["location"], email)

    async def signed_in(self, email: str) -> dict[str, Any]:
        answer = await self.here("GET", await self.way_back(email))
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
async def pair(postgres_server, servers) -> AsyncIterator[Pair]:
    redis_url, port = servers.empty_redis(), free_port()
    databases = [postgres_server.new_database() for _ in range(2)]
    issuer = f"http://127.0.0.1:{port}"
    async with daybook(databases[0], f"{redis_url.rpartition('/')[0]}/1", public_url=issuer) as other, listening(other, port) as browser:
        program = await registered(other, redirect_uris=[f"{HERE}{CALLBACK}"], grants=["authorization_code"], name="Here")
        provider = {"name": "other", "issuer": issuer, "client_id": program.id, "client_secret": program.secret}
        async with daybook(databases[1], redis_url, public_url=HERE, oidc_providers=json.dumps([provider])) as here:
            yield Pair(here, other, browser)
    for database in databases:
        postgres_server.drop(database)


def bearer(told: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {told['access_token']}"}


async def verified(pair: Pair) -> str:
    """Somebody at the provider whose e-mail is proved there."""
    email = await person(pair.other)
    users = (await pair.other("GET", "/api/v1/users?limit=200", await pair.other.admin())).json()["items"]
    user_id = next(user["id"] for user in users if user["email"] == email)
    await prove_email(pair.other, user_id)
    return email


async def test_a_new_person_gets_an_account_and_the_next_time_the_same_one(pair):
    email = await verified(pair)
    first = await pair.signed_in(email)
    assert (first["user"]["email"], first["user"]["name"], first["user"]["role"]) == (email, "Ada Lovelace", "user")
    me = (await pair.here("GET", "/api/v1/auth/me", bearer(first))).json()
    assert me["id"] == first["user"]["id"]
    again = await pair.signed_in(email)
    assert again["user"]["id"] == first["user"]["id"]
    listed = (await pair.here("GET", "/api/v1/auth/identities", bearer(again))).json()["items"]
    assert [(one["provider"], one["issuer"]) for one in listed] == [("other", str(pair.browser.base_url).rstrip("/"))]


async def test_an_e_mail_that_is_not_verified_there_is_not_taken_over(pair):
    email = await person(pair.other)
    told = await pair.signed_in(email)
    assert (told["user"]["email"], told["user"]["name"]) == ("", "Ada Lovelace")


async def test_an_e_mail_of_another_account_never_opens_it(pair):
    email = await verified(pair)
    body = {"email": email, "name": "Somebody else", "password": PASSWORD}
    assert (await pair.here("POST", "/api/v1/auth/register", json=body)).status_code == 201
    refused = await pair.here("GET", await pair.way_back(email))
    assert problem(refused) == (409, "email_taken")
    assert "link" in refused.json()["detail"]


async def test_an_account_is_linked_by_its_owner_and_entered_from_then_on(pair):
    email = await verified(pair)
    account = await pair.here.account()
    begun = await pair.here("POST", LINK, account.headers)
    assert begun.status_code == 200, begun.text
    linked = await pair.here("GET", await pair.consented(begun.json()["address"], email))
    assert (linked.status_code, linked.json()["provider"]) == (200, "other")
    told = await pair.signed_in(email)
    assert told["user"]["id"] == account.id
    assert (await pair.here("DELETE", LINK, account.headers)).status_code == 204
    assert (await pair.here("GET", "/api/v1/auth/identities", account.headers)).json()["items"] == []
    assert (await pair.signed_in(email))["user"]["id"] != account.id


async def test_an_identity_belongs_to_one_account_and_an_account_has_one_of_a_provider(pair):
    email = await person(pair.other)
    first = await pair.signed_in(email)
    account = await pair.here.account()
    begun = await pair.here("POST", LINK, account.headers)
    assert problem(await pair.here("GET", await pair.consented(begun.json()["address"], email))) == (409, "identity_taken")
    begun = await pair.here("POST", LINK, bearer(first))
    second = await pair.here("GET", await pair.consented(begun.json()["address"], await person(pair.other)))
    assert problem(second) == (409, "identity_taken")


async def test_the_last_way_in_stays(pair):
    told = await pair.signed_in(await person(pair.other))
    assert problem(await pair.here("DELETE", LINK, bearer(told))) == (409, "last_way_in")


async def test_a_link_is_not_made_for_a_session_that_is_over(pair):
    email, account = await person(pair.other), await pair.here.account()
    begun = await pair.here("POST", LINK, account.headers)
    back = await pair.consented(begun.json()["address"], email)
    assert (await pair.here("POST", "/api/v1/auth/logout", account.headers)).status_code == 204
    assert problem(await pair.here("GET", back)) == (401, "invalid_token")


async def test_the_second_factor_is_asked_for_here_too(pair):
    email = await person(pair.other)
    told = await pair.signed_in(email)
    authenticator, _ = await enable(pair.here.http, bearer(told), pair.here.system.log.now)
    half = await pair.signed_in(email)
    assert half["mfa_required"] is True
    assert "access_token" not in half
    whole = await pair.here("POST", "/api/v1/auth/2fa/verify", json={"mfa_token": half["mfa_token"], "code": authenticator.code(1)})
    assert whole.json()["user"]["id"] == told["user"]["id"]


async def test_keys_are_replaced_at_the_provider_without_a_failed_sign_in(pair):
    email = await person(pair.other)
    first = await pair.signed_in(email)
    key = new_signing_key()
    (read,) = read_signing_keys(key)
    await pair.other.system.dispatch(AddSigningKey(kid=read.kid, private=PrivateKey(key.encode()), seconds=0), pair.other.system.context())

    async def signs() -> bool:
        await pair.other.parts.tokens.refresh()
        token = (await pair.other.sign_in(email))["Authorization"].split()[1]
        return jwt.get_unverified_header(token)["kid"] == read.kid

    await eventually(signs)
    assert (await pair.signed_in(email))["user"]["id"] == first["user"]["id"]


async def test_the_way_back_counts_once_and_only_in_the_browser_it_was_begun_in(pair):
    back = await pair.way_back(await person(pair.other))
    elsewhere = pair.here.client(pair.here.app)
    assert problem(await elsewhere.get(back)) == (400, "sign_in_not_begun")
    other_word = await elsewhere.get(back, headers={"Cookie": "daybook_browser=" + "A" * 43})
    assert problem(other_word) == (400, "sign_in_not_begun")
    word = pair.here.http.cookies.get("daybook_browser")
    assert (await pair.here("GET", back)).status_code == 200
    assert pair.here.http.cookies.get("daybook_browser") is None
    assert problem(await pair.here("GET", back)) == (400, "sign_in_not_begun")
    assert problem(await elsewhere.get(back, headers={"Cookie": f"daybook_browser={word}"})) == (401, "identity_not_proved")
    await elsewhere.aclose()


async def test_a_state_that_was_changed_or_is_of_another_provider_is_none(pair):
    back = await pair.way_back(await person(pair.other))
    state = parse_qs(urlsplit(back).query)["state"][0]
    for changed in (state[:-2] + "AA", "AA" + state[2:], "nonsense", "", "é"):
        answer = await pair.here("GET", CALLBACK, params={"state": changed, "code": "x"})
        assert problem(answer) == (400, "sign_in_not_begun"), changed
    answer = await pair.here("GET", CALLBACK.replace("other", "third"), params={"state": state, "code": "x"})
    assert problem(answer) == (400, "sign_in_not_begun")
    assert problem(await pair.here("GET", LOGIN.replace("other", "third"))) == (404, "not_found")


async def test_a_person_who_refuses_at_the_provider_is_not_signed_in(pair):
    begun = await pair.here("GET", LOGIN)
    page = await pair.browser.get(begun.headers["location"])
    done = await pair.browser.post("/oauth/authorize", data={"request": hidden(page), "decision": "deny"})
    back = done.headers["location"].removeprefix(HERE)
    assert "error=access_denied" in back
    assert problem(await pair.here("GET", back)) == (401, "identity_not_proved")


async def test_an_answer_of_another_issuer_is_refused(pair):
    back = await pair.way_back(await person(pair.other))
    mixed = back.replace("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2F127.0.0.2")
    assert mixed != back
    assert problem(await pair.here("GET", mixed)) == (401, "identity_not_proved")


async def test_the_cookie_is_for_this_way_only_and_not_for_scripts(pair):
    pair.here.http.cookies.clear()
    begun = await pair.here("GET", LOGIN)
    cookie = begun.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/api/v1/auth/oidc" in cookie
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert set(asked) == {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"}


async def test_an_erased_person_is_a_stranger_to_their_provider_afterwards(pair):
    email = await person(pair.other)
    first = await pair.signed_in(email)
    assert (await pair.here("DELETE", f"/api/v1/users/{first['user']['id']}", await pair.here.admin())).status_code == 204
    assert (await pair.signed_in(email))["user"]["id"] != first["user"]["id"]


async def test_first_sign_ins_of_one_person_at_the_same_time_are_one_account(pair):
    email = await person(pair.other)
    ways = [await pair.way_back(email) for _ in range(6)]
    cookie = {"Cookie": f"daybook_browser={pair.here.http.cookies.get('daybook_browser')}"}
    browsers = [pair.here.client(pair.here.app) for _ in ways]
    answers = await asyncio.gather(*(browser.get(way, headers=cookie) for browser, way in zip(browsers, ways, strict=True)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1
    for browser in browsers:
        await browser.aclose()
