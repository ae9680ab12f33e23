"""Seeing and ending sessions, on real servers."""

from typing import Any
from uuid import uuid4

import pytest

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, problem
from tests.identity.second_factors import bearer

OWN = "/api/v1/auth/sessions"


class Person:
    """Somebody with several devices."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.login = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
        self.id = ""

    async def sign_in(self, agent: str = "a browser") -> Any:
        path, more = ("login", {}) if self.id else ("register", {"name": "Ada"})
        answer = await self.api("POST", f"/api/v1/auth/{path}", json=self.login | more, headers={"User-Agent": agent})
        assert answer.status_code in {200, 201}, answer.text
        self.id = answer.json()["user"]["id"]
        return answer

    async def sessions(self, signed_in: Any) -> list[dict[str, Any]]:
        answer = await self.api("GET", OWN, bearer(signed_in))
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def is_out(self, signed_in: Any) -> bool:
        answer = await self.api("GET", "/api/v1/auth/me", bearer(signed_in))
        return bool(answer.status_code == 401 and answer.json()["code"] == "invalid_token")


@pytest.fixture
async def person(api: Api) -> Person:
    return Person(api)


async def both_are_listed(person: Person, signed_in: Any, number: int) -> list[dict[str, Any]]:
    """Signing in is nobody's act yet, so a list may be a moment behind it."""

    async def listed() -> list[dict[str, Any]]:
        found = await person.sessions(signed_in)
        return found if len(found) == number else []

    return await eventually(listed, 5, f"{number} sessions are listed")


async def test_a_person_sees_their_sessions_with_where_they_come_from_and_which_one_asks(person):
    await person.sign_in("a telephone")
    here = await person.sign_in("a browser")
    found = await both_are_listed(person, here, 2)
    assert [(one["user_agent"], one["current"]) for one in found] == [("a browser", True), ("a telephone", False)]
    assert {(one["address"], *one["methods"]) for one in found} == {("127.0.0.1", "pwd")}
    assert all(one["opened_at"] == one["last_seen_at"] < one["expires_at"] for one in found)


async def test_a_refresh_is_when_a_session_was_last_seen(person):
    first = await person.sign_in()
    fresh = await person.api("POST", "/api/v1/auth/refresh", json={"refresh_token": first.json()["refresh_token"]})

    async def seen_again() -> bool:
        return any(one["last_seen_at"] > one["opened_at"] for one in await person.sessions(fresh))

    await eventually(seen_again, 5)


async def test_ending_one_session_ends_that_one(person):
    other, here = await person.sign_in(), await person.sign_in()
    (target,) = [one["id"] for one in await both_are_listed(person, here, 2) if not one["current"]]
    for _ in range(2):
        assert (await person.api("DELETE", f"{OWN}/{target}", bearer(here))).status_code == 204
    assert await person.is_out(other)
    assert not await person.is_out(here)
    assert [one["current"] for one in await person.sessions(here)] == [True]
    again = await person.api("POST", "/api/v1/auth/refresh", json={"refresh_token": other.json()["refresh_token"]})
    assert problem(again) == (401, "invalid_token")


async def test_sessions_of_others_are_not_there(person, api):
    stranger = Person(api)
    mine, theirs = await person.sign_in(), await stranger.sign_in()
    (target,) = await both_are_listed(stranger, theirs, 1)
    for session_id in (target["id"], person.id, str(uuid4())):
        assert problem(await api("DELETE", f"{OWN}/{session_id}", bearer(mine))) == (404, "not_found")
    assert not await stranger.is_out(theirs)


async def test_signing_out_everywhere_ends_all(person):
    sessions = [await person.sign_in() for _ in range(3)]
    assert (await person.api("POST", "/api/v1/auth/logout-all", bearer(sessions[0]))).status_code == 204
    for one in sessions:
        await eventually(lambda one=one: person.is_out(one), 1)
        again = await person.api("POST", "/api/v1/auth/refresh", json={"refresh_token": one.json()["refresh_token"]})
        assert problem(again) == (401, "invalid_token")
    assert not await person.is_out(await person.sign_in())


async def test_signing_out_everywhere_else_spares_the_one_that_asks(person):
    other, here = await person.sign_in(), await person.sign_in()
    answer = await person.api("POST", "/api/v1/auth/logout-all", bearer(here), json={"keep_current": True})
    assert answer.status_code == 204
    await eventually(lambda: person.is_out(other), 1)
    assert not await person.is_out(here)
    assert len(await person.sessions(here)) == 1


async def test_administrators_see_and_end_the_sessions_of_others(person, api):
    first, second = await person.sign_in("a telephone"), await person.sign_in()
    await both_are_listed(person, second, 2)
    path = f"/api/v1/users/{person.id}/sessions"
    listed = await api("GET", path, await api.admin())
    assert [(one["user_agent"], one["current"]) for one in listed.json()["items"]] == [("a browser", False), ("a telephone", False)]
    of_the_telephone = listed.json()["items"][1]["id"]
    assert (await api("DELETE", f"{path}/{of_the_telephone}", await api.admin())).status_code == 204
    assert await person.is_out(first)
    assert not await person.is_out(second)
    assert (await api("DELETE", path, await api.admin())).status_code == 204
    await eventually(lambda: person.is_out(second), 1)
    for wrong in (f"{path}/{uuid4()}", f"/api/v1/users/{uuid4()}/sessions/{of_the_telephone}", f"/api/v1/users/{uuid4()}/sessions"):
        assert problem(await api("DELETE", wrong, await api.admin())) == (404, "not_found")
    assert problem(await api("GET", f"/api/v1/users/{uuid4()}/sessions", await api.admin())) == (404, "not_found")


async def test_a_long_list_comes_in_pages(person):
    for _ in range(5):
        here = await person.sign_in()
    await both_are_listed(person, here, 5)
    seen, path = [], f"{OWN}?limit=2"
    while path:
        shown = (await person.api("GET", path, bearer(here))).json()
        seen += [one["id"] for one in shown["items"]]
        path = f"{OWN}?limit=2&cursor={shown['next_cursor']}" if shown["next_cursor"] else ""
    assert len(set(seen)) == len(seen) == 5
