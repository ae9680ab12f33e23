"""Accounts as clients speak of them: statuses, shapes, codes."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from litestar.testing import AsyncTestClient

from application.shared.permissions import PERMISSIONS, Reach
from domain.identity.role import Role
from tests.identity.accounts import ROOT, another, first_admin
from tests.identity.http import client
from tests.identity.second_factors import LOGIN, bearer, told
from tests.identity.small_daybook import PASSWORD, Identity

USERS, NOBODY = "/api/v1/users", UUID(int=0xBAD)


@pytest.fixture
async def http(identity: Identity) -> AsyncIterator[AsyncTestClient[Any]]:
    async with client(identity) as opened:
        yield opened


async def sign_in(http: Any, email: str) -> dict[str, str]:
    return bearer(await http.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD}))


@pytest.fixture
async def admin(http, identity) -> dict[str, str]:
    await first_admin(identity)
    return await sign_in(http, ROOT)


@pytest.fixture
async def ada(http) -> Any:
    """What she was answered when she registered."""
    return await http.post("/api/v1/auth/register", json=LOGIN | {"name": "Ada Lovelace"})


def at(answer: Any, rest: str = "") -> str:
    return f"{USERS}/{answer.json()['user']['id']}{rest}"


async def test_an_account_shows_all_its_roles_and_how_it_stands(http, admin, ada):
    shown = (await http.get(at(ada), headers=admin)).json()
    assert shown.pop("created_at").startswith("2026-11-20T12:00")
    assert shown == {
        "id": ada.json()["user"]["id"], "email": "ada@example.org", "name": "Ada Lovelace", "role": "user", "roles": ["user"],
        "active": True, "email_verified": False, "erased": False, "version": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("word", "role"), [("ADMIN", "admin"), ("project_manager", "manager"), ("TEAM_MEMBER", "user"), ("Guest", "guest"), ("service", "service")]
)
async def test_administrators_open_accounts_of_every_role_in_any_case(http, admin, word, role):
    made = await http.post(USERS, json={"email": "x@example.org", "name": "X", "password": PASSWORD, "role": word}, headers=admin)
    assert (made.status_code, made.json()["role"], made.json()["roles"]) == (201, role, [role])


async def test_a_word_that_is_no_role_is_named_by_its_field(http, admin, ada):
    account = {"email": "x@example.org", "name": "X", "password": PASSWORD, "role": "root"}
    for answer, pointer in (
        (await http.post(USERS, json=account, headers=admin), "/role"),
        (await http.post(at(ada, "/roles"), json={"role": "root"}, headers=admin), "/role"),
        (await http.delete(at(ada, "/roles/root"), headers=admin), "role"),
        (await http.get(f"{USERS}?role=root", headers=admin), "role"),
    ):
        assert told(answer) == (400, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, "invalid_role")]


async def test_roles_are_given_and_taken_and_act_within_a_second(http, identity, admin, ada):
    refused = await http.get(USERS, headers=bearer(ada))
    assert told(refused) == (403, "insufficient_role")
    made = await http.post(at(ada, "/roles"), json={"role": "ADMIN"}, headers=admin)
    assert (made.status_code, made.json()["role"], made.json()["roles"]) == (200, "admin", ["admin", "user"])
    assert made.headers["etag"] == f'"{made.json()["version"]}"'
    identity.later(1)
    assert (await http.get(USERS, headers=bearer(ada))).status_code == 200
    assert (await http.delete(at(ada, "/roles/Admin"), headers=admin)).status_code == 204
    identity.later(1)
    assert told(await http.get(USERS, headers=bearer(ada))) == (403, "insufficient_role")


async def test_resting_and_waking_act_within_a_second(http, identity, admin, ada):
    assert (await http.get("/api/v1/auth/me", headers=bearer(ada))).status_code == 200
    rests = await http.post(at(ada, "/disable"), json={"reason": "On leave"}, headers=admin)
    assert (rests.status_code, rests.json()["active"]) == (200, False)
    identity.later(1)
    assert told(await http.get("/api/v1/auth/me", headers=bearer(ada)))[0] == 401
    assert told(await http.post("/api/v1/auth/login", json=LOGIN)) == (403, "account_disabled")
    assert (await http.post(at(ada, "/enable"), headers=admin)).json()["active"] is True
    assert (await http.post("/api/v1/auth/login", json=LOGIN)).status_code == 200
    assert (await http.post(at(ada, "/disable"), headers=admin)).status_code == 200


async def test_the_last_administrator_stays(http, admin):
    root = (await http.get("/api/v1/auth/me", headers=admin)).json()["id"]
    assert told(await http.post(f"{USERS}/{root}/disable", headers=admin)) == (409, "last_admin")
    assert told(await http.delete(f"{USERS}/{root}/roles/admin", headers=admin)) == (409, "last_admin")
    assert (await http.get("/api/v1/auth/me", headers=admin)).json()["role"] == "admin"


SENSITIVE = [("POST", "/disable", None), ("POST", "/enable", None), ("POST", "/roles", {"role": "guest"}), ("DELETE", "/roles/guest", None)]


@pytest.mark.parametrize(("method", "rest", "body"), SENSITIVE)
async def test_what_changes_the_power_of_an_account_asks_for_a_recent_sign_in(http, identity, admin, ada, method, rest, body):
    assert (await http.request(method, at(ada, rest), json=body, headers=admin)).status_code in {200, 204}
    identity.later(601)
    assert told(await http.request(method, at(ada, rest), json=body, headers=admin)) == (401, "reauthentication_required")


@pytest.mark.parametrize(("method", "rest", "body"), [*SENSITIVE, ("PATCH", "", {"name": "X"}), ("GET", "", None)])
async def test_an_account_that_is_not_there_is_not_found_whatever_is_sent(http, admin, method, rest, body):
    for sent in (body, {"vip": 1}) if method in {"POST", "PATCH"} else (body,):
        assert told(await http.request(method, f"{USERS}/{NOBODY}{rest}", json=sent, headers=admin)) == (404, "not_found")


async def test_the_list_is_filtered_by_role_activity_and_email(http, identity, admin, ada):
    made = [await another(identity, role) for role in (Role.NODE, Role.AUDITOR, Role.MANAGER)]
    await http.post(at(ada, "/roles"), json={"role": "manager"}, headers=admin)
    await http.post(f"{USERS}/{made[0].id}/disable", headers=admin)

    async def listed(query: str) -> list[str]:
        return [one["email"].partition("@")[0] for one in (await http.get(f"{USERS}?{query}", headers=admin)).json()["items"]]

    assert await listed("role=manager") == ["ada", "manager"]
    assert await listed("role=TEAM_MEMBER") == ["ada"]
    assert await listed("active=false") == ["node"]
    assert await listed("active=true&role=node") == []
    assert await listed("email=%20ADA%40example.org") == ["ada"]
    assert await listed("email=ada%40example.org&role=node") == await listed("email=nobody%40example.org") == []
    first = (await http.get(f"{USERS}?role=manager&limit=1", headers=admin)).json()
    assert await listed(f"role=manager&limit=1&cursor={first['next_cursor']}") == ["manager"]


async def test_auditors_see_masks_and_cannot_look_for_an_email(http, identity, admin, ada):
    assert admin
    await another(identity, Role.AUDITOR)
    auditor = await sign_in(http, "auditor@example.org")
    shown = (await http.get(at(ada), headers=auditor)).json()
    assert (shown["name"], shown["email"]) == ("A*** L***", "a***@e***.org")
    everybody = (await http.get(USERS, headers=auditor)).text
    for clear in ("Lovelace", "ada@", "root@", "Administrator"):
        assert clear not in everybody
    assert "auditor@example.org" in everybody
    assert told(await http.get(f"{USERS}?email=ada%40example.org", headers=auditor)) == (403, "insufficient_role")
    for method, rest, body in (*SENSITIVE, ("PATCH", "", {"name": "X"})):
        assert told(await http.request(method, at(ada, rest), json=body, headers=auditor)) == (403, "insufficient_role")


async def test_a_name_is_changed_by_who_knows_its_version(http, admin, ada):
    for path, who in ((at(ada), admin), (f"{USERS}/me", bearer(ada))):
        seen = (await http.get(path, headers=who)).headers["etag"]
        changed = await http.patch(path, json={"name": f"Ada {len(path)}"}, headers=who | {"If-Match": seen})
        assert (changed.status_code, changed.json()["name"]) == (200, f"Ada {len(path)}")
        assert changed.headers["etag"] == (await http.get(path, headers=who)).headers["etag"] != seen
        assert told(await http.patch(path, json={"name": "Late"}, headers=who | {"If-Match": seen})) == (412, "precondition_failed")
        assert (await http.get(path, headers=who)).json()["name"] == f"Ada {len(path)}"
        for body in ({}, {"name": ""}, {"name": "X", "role": "admin"}, {"name": "X", "email": "x@y.z"}):
            assert told(await http.patch(path, json=body, headers=who)) == (400, "validation_failed")


@pytest.mark.parametrize("role", list(Role))
async def test_who_am_i_says_what_i_may(http, identity, role):
    await another(identity, role)
    who = await sign_in(http, f"{role}@example.org")
    me, same = [(await http.get(path, headers=who)).json() for path in ("/api/v1/auth/me", f"{USERS}/me")]
    assert me == same
    assert me["permissions"] == [name for name, row in PERMISSIONS.items() if row[role] is not Reach.NONE]
    assert (me["role"], me["roles"], me["email_verified"], me["second_factor"]) == (role, [role], False, False)
    assert me["session_id"]
