"""Filters that are kept, as clients speak of them and ask lists by them."""

from uuid import uuid4

import pytest

from tests.http.daybook import Api, Headers, misfits, problem

ALL = "/api/v1/tasks/filters"


async def titles(api: Api, who: Headers, query: str) -> list[str]:
    answer = await api("GET", f"/api/v1/tasks?{query}", who)
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["items"]]


async def test_a_filter_is_saved_read_changed_and_removed(api):
    who = (await api.account()).headers
    query = {"status": "TODO,overdue", "due_from": "2026-11-20T10:00:00+01:00", "overdue": None, "sort": "-due_date"}
    made = await api("POST", ALL, who, json={"name": "Later", "query": query})
    assert made.status_code == 201, made.text
    address, shown = made.headers["location"], {name: value for name, value in made.json().items() if name != "position"}
    assert (address, set(shown["query"])) == (f"{ALL}/{shown['id']}", {"status", "due_from", "sort"})
    read = await api("GET", address, who)
    assert (read.json(), read.headers["etag"]) == (shown, '"1"')
    assert (await api("GET", ALL, who)).json() == {"items": [shown], "next_cursor": None}
    changed = await api("PATCH", address, who, json={"query": {"status": None, "tag": "wet"}}, headers={"If-Match": '"1"'})
    assert (changed.status_code, set(changed.json()["query"]), changed.json()["version"]) == (200, {"tag", "due_from", "sort"}, 2)
    assert problem(await api("PATCH", address, who, json={"name": "No"}, headers={"If-Match": '"1"'})) == (412, "precondition_failed")
    assert problem(await api("POST", ALL, who, json={"name": "LATER", "query": {}})) == (409, "filter_name_taken")
    assert (await api("DELETE", address, who)).status_code == 204
    assert problem(await api("GET", address, who)) == (404, "not_found")


async def test_a_list_is_as_the_filter_says_and_what_is_asked_beside_it_comes_first(api):
    ann, bob = (await api.account()).headers, (await api.account()).headers
    for title, priority in (("a", "low"), ("b", "high"), ("c", "urgent"), ("d", "high")):
        await api.task(ann, title=title, priority=priority, tags=["wet"] if title != "d" else [])
    made = await api("POST", ALL, ann, json={"name": "Wet", "query": {"priority": "high,critical", "tag": "wet", "sort": "title"}})
    wet = made.json()["id"]
    assert await titles(api, ann, f"filter={wet}") == ["b", "c"]
    assert await titles(api, ann, f"filter={wet}&sort=-title") == ["c", "b"]
    assert await titles(api, ann, f"filter={wet}&priority=low&limit=1") == ["a"]
    assert await titles(api, ann, f"filter={wet}&page=2&limit=1") == ["c"]
    for who, one in ((bob, wet), (ann, uuid4())):
        assert problem(await api("GET", f"/api/v1/tasks?filter={one}", who)) == (404, "not_found")
    assert problem(await api("GET", "/api/v1/tasks?filter=wet", ann)) == (400, "validation_failed")


@pytest.mark.parametrize(
    ("query", "misfit"),
    [
        ({"status": "soon"}, ("/query/status", "not_allowed")),
        ({"priority": ""}, ("/query/priority", "not_allowed")),
        ({"sort": "colour"}, ("/query/sort", "not_allowed")),
        ({"due_from": "tomorrow"}, ("/query/due_from", "wrong_format")),
        ({"watcher": "bob"}, ("/query/watcher", "not_allowed")),
        ({"colour": "red"}, ("/query/colour", "unknown_field")),
        ({"overdue": "yes"}, ("/query/overdue", "wrong_type")),
        ([], ("/query", "wrong_type")),
    ],
)
async def test_what_a_list_would_refuse_no_filter_keeps(api, query, misfit):
    who = (await api.account()).headers
    assert misfits(await api("POST", ALL, who, json={"name": "Odd", "query": query})) == [misfit]
