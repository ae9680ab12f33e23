"""Identity as clients speak it: statuses, shapes, codes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from application.identity.typed import Typed
from application.identity.user import EnsureAdmin
from application.shared.context import SYSTEM
from tests.identity.http import client
from tests.identity.small_daybook import PASSWORD, Identity
from tests.infra.doubles.forge import ATTACKS, forge

ADA = {"email": "Ada@example.org", "name": "Ada Lovelace", "password": PASSWORD}
ROOT = {"email": "root@localhost", "password": "correct garden gate"}


@pytest.fixture
async def http(identity: Identity) -> AsyncIterator[AsyncTestClient[Any]]:
    async with client(identity) as opened:
        yield opened


def bearer(answer: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def as_admin(http: Any, identity: Identity) -> dict[str, str]:
    await identity.ask(EnsureAdmin(email=ROOT["email"], password=Typed(ROOT["password"])), SYSTEM)
    return bearer(await http.post("/api/v1/auth/login", json=ROOT))


async def register(http: Any, **changed: Any) -> Any:
    return await http.post("/api/v1/auth/register", json=ADA | changed)


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


async def test_who_registers_gets_an_account_and_tokens_that_work(http):
    answer = await register(http)
    made = answer.json()
    assert answer.status_code == 201
    assert made["user"] == {"id": made["user"]["id"], "email": "ada@example.org", "name": "Ada Lovelace", "role": "user"}
    assert (made["token_type"], made["expires_in"], made["token"]) == ("Bearer", 600, made["access_token"])
    assert PASSWORD not in answer.text
    for path in ("/api/v1/auth/me", "/api/v1/users/me"):
        me = (await http.get(path, headers=bearer(answer))).json()
        assert {name: me[name] for name in made["user"]} == made["user"]
        assert me["version"] == 3
        assert me["session_id"]


async def test_signing_in_takes_email_or_username_in_any_case(http):
    await register(http)
    for body in ({"email": "ADA@EXAMPLE.ORG"}, {"username": "ada@example.org"}):
        answer = await http.post("/api/v1/auth/login", json=body | {"password": PASSWORD})
        assert answer.status_code == 200
        assert answer.json()["user"]["email"] == "ada@example.org"
        assert answer.headers["cache-control"] == "no-store"


async def test_wrong_passwords_and_unknown_accounts_get_the_same_answer(http):
    await register(http)
    told = [
        await http.post("/api/v1/auth/login", json={"email": email, "password": password})
        for email, password in (("ada@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("no e-mail", ""))
    ]
    assert {code(answer) for answer in told} == {(401, "invalid_credentials")}
    assert len({answer.text for answer in told}) == 1


@pytest.mark.parametrize(
    ("changed", "status", "refused"),
    [
        ({"role": "admin"}, 403, "role_not_assignable"),
        ({"role": "root"}, 403, "role_not_assignable"),
        ({"email": "no e-mail"}, 400, "validation_failed"),
        ({"password": "short"}, 400, "validation_failed"),
        ({"password": "x" * 1_000_000}, 400, "validation_failed"),
        ({"password": "password123"}, 400, "validation_failed"),
        ({"name": " "}, 400, "validation_failed"),
        ({"name": None}, 400, "validation_failed"),
        ({"version": 7}, 400, "validation_failed"),
        ({"active": True}, 400, "validation_failed"),
    ],
)
async def test_a_registration_that_does_not_fit_says_so_and_leaves_nothing(http, identity, changed, status, refused):
    assert code(await register(http, **changed)) == (status, refused)
    assert "UserRegistered" not in identity.facts()


async def test_a_taken_email_is_told(http):
    await register(http)
    assert code(await register(http, email=" ADA@example.org ")) == (409, "email_taken")


async def test_a_misfit_is_named_by_pointer_and_word(http):
    misfits: list[dict[str, Any]] = [{"email": "x"}, {"password": "password1"}, {"password": "x"}, {"vip": 1}]
    answers = [await register(http, **changed) for changed in misfits]
    named = [(error["pointer"], error["code"]) for answer in answers for error in answer.json()["errors"]]
    assert named == [
        ("/email", "invalid_email"),
        ("/password", "password_too_common"),
        ("/password", "too_short"),
        ("/vip", "unknown_field"),
    ]
    answer = await http.post("/api/v1/auth/login", json={"password": "x"})
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/email", "required")]


async def test_a_password_longer_than_any_is_not_even_hashed(http, identity):
    identity.passwords.hash = identity.passwords.verify = lambda *_: pytest.fail("hashed")
    for path, body in (("login", {"email": ADA["email"]}), ("register", ADA)):
        answer = await http.post(f"/api/v1/auth/{path}", json=body | {"password": "x" * 1_000_000})
        assert code(answer) == (400, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/password", "too_long")]


async def test_refreshing_rotates_and_reuse_ends_the_session(http, identity):
    first = (await register(http)).json()["refresh_token"]
    second = (await http.post("/api/v1/auth/refresh", json={"refresh_token": first})).json()
    lost = (await http.post("/api/v1/auth/refresh", json={"refresh_token": first})).json()
    assert second["refresh_token"] == lost["refresh_token"] != first
    identity.later(11)
    assert code(await http.post("/api/v1/auth/refresh", json={"refresh_token": first})) == (401, "refresh_reused")
    assert code(await http.post("/api/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})) == (401, "invalid_token")
    identity.later(1.001)
    assert code(await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {second['access_token']}"})) == (401, "invalid_token")


async def test_signing_out_acts_within_a_second_and_can_be_said_twice(http, identity):
    answer = await register(http)
    for _ in range(2):
        out = await http.post("/api/v1/auth/logout", headers=bearer(answer))
        assert (out.status_code, out.content) == (204, b"")
        identity.later(1.001)
        assert code(await http.get("/api/v1/auth/me", headers=bearer(answer))) == (401, "invalid_token")
    again = await http.post("/api/v1/auth/login", json={"email": "ada@example.org", "password": PASSWORD})
    for _ in range(2):
        out = await http.post("/api/v1/auth/logout", json={"refresh_token": again.json()["refresh_token"]})
        assert out.status_code == 204
    assert code(await http.post("/api/v1/auth/logout")) == (401, "unauthenticated")


@pytest.mark.parametrize("attack", [name for name, text in ATTACKS.items() if text.isascii() and 0 < len(text) < 5000 and "\0" not in text])
async def test_no_forged_token_gets_in(http, attack):
    refused = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {ATTACKS[attack]}"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_signed_token_without_a_session_gets_nobody_in(http):
    assert code(await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {forge()}"})) == (401, "invalid_token")


async def test_no_token_and_other_schemes_are_401(http):
    assert code(await http.get("/api/v1/auth/me")) == (401, "unauthenticated")
    assert (await http.get("/api/v1/auth/me", headers={"Authorization": "Basic cm9vdDpyb290"})).status_code == 401


async def test_administrators_open_accounts_and_list_them(http, identity):
    admin = await as_admin(http, identity)
    made = []
    for at, role in enumerate(("node", "user", "admin", None)):
        body = {"email": f"{at}@b.c", "name": f"N{at}", "password": "x7" * 8} | ({"role": role} if role else {})
        answer = await http.post("/api/v1/users", json=body, headers=admin)
        made.append(answer.json())
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/api/v1/users/{made[-1]['id']}"
        assert (made[-1]["role"], made[-1]["version"], made[-1]["email"]) == (role or "user", 2, f"{at}@b.c")
    shown = (await http.get(f"/api/v1/users/{made[0]['id']}", headers=admin)).json()
    assert (shown["name"], shown["role"], shown["active"]) == ("N0", "node", True)
    nodes = (await http.get("/api/v1/users?role=node", headers=admin)).json()
    assert [one["id"] for one in nodes["items"]] == [made[0]["id"]]
    seen, path = [], "/api/v1/users?limit=2"
    while path:
        page = (await http.get(path, headers=admin)).json()
        seen += [one["email"] for one in page["items"]]
        path = f"/api/v1/users?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == ["root@localhost", "0@b.c", "1@b.c", "2@b.c", "3@b.c"]


async def test_accounts_are_the_administrators_business(http, identity):
    admin = await as_admin(http, identity)
    user = bearer(await register(http))
    target = (await http.get("/api/v1/users", headers=admin)).json()["items"][0]["id"]
    for method, path in (("GET", "/api/v1/users"), ("GET", f"/api/v1/users/{target}"), ("POST", "/api/v1/users")):
        assert code(await http.request(method, path)) == (401, "unauthenticated")
        assert code(await http.request(method, path, headers=user, json={} if method == "POST" else None)) == (403, "insufficient_role")
    assert code(await http.get("/api/v1/users/00000000-0000-0000-0000-000000000099", headers=admin)) == (404, "not_found")
    assert code(await http.get("/api/v1/users?role=wizard", headers=admin)) == (400, "validation_failed")
    assert code(await http.get("/api/v1/users?cursor=AAAA", headers=admin)) == (400, "invalid_cursor")


async def test_a_key_guards_sign_ins_against_another_body_but_keeps_no_secret(http, identity):
    headers = {"Idempotency-Key": "k1"}
    made = await http.post("/api/v1/auth/register", json=ADA, headers=headers)
    assert made.status_code == 201
    assert code(await http.post("/api/v1/auth/register", json=ADA, headers=headers)) == (409, "email_taken")
    assert code(await http.post("/api/v1/auth/register", json=ADA | {"name": "Bob"}, headers=headers)) == (422, "idempotency_key_reused")
    body = {"email": ADA["email"], "password": PASSWORD}
    answers = [await http.post("/api/v1/auth/login", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["refresh_token"] != answers[1].json()["refresh_token"]
    assert all(kept.written.answer is None for kept in identity.log._http_keys.values())


async def test_one_of_two_simultaneous_registrations_wins(http):
    answers = await asyncio.gather(*(register(http) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_the_published_keys_are_public(http):
    answer = await http.get("/.well-known/jwks.json")
    assert answer.status_code == 200
    assert [key["kty"] for key in json.loads(answer.text)["keys"]] == ["RSA"]
