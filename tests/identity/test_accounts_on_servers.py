"""Accounts on real servers: one per e-mail, and always an administrator, whoever asks at the same time."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, problem


def spellings(name: str) -> list[str]:
    """One e-mail as people and programs write it: cases, spaces, composed (NFC) and decomposed (NFD) letters."""
    plain, odd = f"caf\u00e9-{name}@example.org", f"cafe\u0301-{name}@example.org"
    return [plain, plain.upper(), odd, odd.upper(), f" {plain} "] * 4


async def test_of_twenty_who_register_one_email_at_once_in_all_spellings_one_gets_it(api):
    emails = spellings(uuid4().hex[:8])
    bodies = [{"email": email, "name": "Ada", "password": PASSWORD} for email in emails]
    answers = await asyncio.gather(*(api("POST", "/api/v1/auth/register", json=body) for body in bodies))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 19, statuses
    (made,) = [answer.json()["user"] for answer in answers if answer.status_code == 201]
    assert {problem(answer) for answer in answers if answer.status_code == 409} == {(409, "email_taken")}
    for email in emails[:5]:
        signed_in = await api("POST", "/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert signed_in.json()["user"]["id"] == made["id"]
    found = await api("GET", "/api/v1/users", await api.admin(), params={"email": emails[3]})
    assert [one["id"] for one in found.json()["items"]] == [made["id"]]


@pytest.mark.parametrize("how", ["disable", "revoke"])
async def test_of_two_administrators_who_dismiss_each_other_at_once_exactly_one_succeeds(api, how):
    root = await api.admin()
    me = (await api("GET", "/api/v1/auth/me", root)).json()["id"]
    other = await api.account("admin")

    async def dismiss(who: dict[str, str], whom: str) -> Any:
        if how == "disable":
            return await api("POST", f"/api/v1/users/{whom}/disable", who)
        return await api("DELETE", f"/api/v1/users/{whom}/roles/admin", who)

    answers = await asyncio.gather(dismiss(root, other.id), dismiss(other.headers, me))
    refused = [answer for answer in answers if answer.status_code >= 400]
    assert len(refused) == 1, [answer.text for answer in answers]
    # Whose account was disabled before the guard looked is not let in at all.
    assert problem(refused[0]) in {(409, "last_admin"), (401, "invalid_token"), (403, "insufficient_role")}
    # Whoever is left brings the first one back, for the tests that follow.
    left, gone = (root, other.id) if refused[0] is answers[1] else (other.headers, me)
    if how == "disable":
        assert (await api("POST", f"/api/v1/users/{gone}/enable", left)).status_code == 200
        api._admin = await api.sign_in("root@example.org")
    else:
        assert (await api("POST", f"/api/v1/users/{gone}/roles", left, json={"role": "admin"})).status_code == 200
    await dismiss(await api.admin(), other.id)


async def test_the_list_is_filtered_by_what_the_database_holds(api):
    admin, made = await api.admin(), [await api.account(role) for role in ("manager", "guest", "manager")]
    await api("POST", f"/api/v1/users/{made[1].id}/roles", admin, json={"role": "MANAGER"})
    await api("POST", f"/api/v1/users/{made[2].id}/disable", admin)

    async def listed(query: str) -> list[str]:
        seen, path = [], f"/api/v1/users?{query}"
        while path:
            page = (await api("GET", path, admin)).json()
            seen += [one["id"] for one in page["items"]]
            path = f"/api/v1/users?{query}&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        return [one for one in seen if one in {account.id for account in made}]

    assert await listed("role=manager&limit=1") == [account.id for account in made]
    assert await listed("role=guest") == [made[1].id]
    assert await listed("role=manager&active=false") == [made[2].id]
    assert await listed("active=true&limit=200") == [made[0].id, made[1].id]


async def test_the_version_that_is_shown_is_the_one_a_change_is_judged_by(api):
    admin, ada = await api.admin(), await api.account()
    path, new = f"/api/v1/users/{ada.id}", "another garden of paths"
    body = {"old_password": PASSWORD, "new_password": new}
    assert (await api("POST", "/api/v1/auth/password/change", ada.headers, json=body)).status_code == 204
    assert (await api("POST", "/api/v1/auth/password/forgot", json={"email": "nobody@example.org"})).status_code == 202
    assert (await api("POST", "/api/v1/auth/verify-email/resend", ada.headers)).status_code == 202
    seen = await api("GET", path, admin)
    assert seen.headers["etag"] == (await api("GET", "/api/v1/auth/me", ada.headers)).headers["etag"]
    changed = await api("PATCH", path, admin, json={"name": "Ada King"}, headers={"If-Match": seen.headers["etag"]})
    assert changed.status_code == 200, changed.text
    again = await api("GET", path, admin)
    assert (again.json()["name"], again.headers["etag"]) == ("Ada King", changed.headers["etag"])


async def test_a_role_and_its_end_act_within_a_second_on_who_is_signed_in(api):
    admin, ada = await api.admin(), await api.account()
    await api("POST", f"/api/v1/users/{ada.id}/roles", admin, json={"role": "auditor"})

    async def told(path: str, status: int) -> bool:
        return (await api("GET", path, ada.headers)).status_code == status

    await eventually(lambda: told("/api/v1/users", 200), 1, "the auditor sees accounts")
    await api("POST", f"/api/v1/users/{ada.id}/disable", admin)
    await eventually(lambda: told("/api/v1/auth/me", 401), 1, "the account is not let in any more")
