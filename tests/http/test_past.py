"""Time travel: every state a task ever had can be read again, by version or by time, by whoever may see it now and nobody else."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from api.shared import past
from tests.http.daybook import misfits, problem
from tests.http.test_lists import pages

LATER = "2100-01-01T00:00:00Z"


async def with_a_past(api, who) -> tuple[str, list[dict], list[str]]:
    """A task, all its states, and a moment after each."""
    task = await api.task(who, tags=["yard"])
    address, states, moments = f"/api/v1/tasks/{task['id']}", [], []

    async def look() -> None:
        states.append((await api("GET", address, who)).json())
        moments.append(api.system.log.now().isoformat())

    await look()
    for method, path, body in (
        ("PATCH", "", {"title": "Sweep both yards", "priority": "high"}),
        ("POST", "/status", {"status": "in_progress"}),
        ("POST", "/notes", {"note": "Half of it"}),
        ("POST", "/status", {"status": "completed"}),
    ):
        answer = await api(method, address + path, who, json=body)
        assert answer.status_code < 300, answer.text
        await look()
    return address, states, moments


async def test_every_state_is_shown_as_it_was_by_version_and_by_time(api):
    who = (await api.account()).headers
    address, states, moments = await with_a_past(api, who)
    assert [state["version"] for state in states] == [1, 2, 3, 4, 5]
    for state, moment in zip(states, moments, strict=True):
        for at in (str(state["version"]), moment, moment.replace("+00:00", "Z")):
            shown = await api("GET", address, who, params={"as_of": at})
            assert (shown.status_code, shown.json(), shown.headers["etag"]) == (200, state, f'"{state["version"]}"')
    unescaped = await api("GET", f"{address}?as_of={moments[1]}", who)
    assert unescaped.json() == states[1]


async def test_what_was_not_yet_is_not_found_and_what_is_to_come_is_refused(api):
    who = (await api.account()).headers
    address, states, _ = await with_a_past(api, who)
    before = (datetime.fromisoformat(states[0]["created_at"]) - timedelta(seconds=1)).astimezone(UTC).isoformat()
    assert problem(await api("GET", address, who, params={"as_of": before})) == (404, "not_found")
    for at in ("6", LATER):
        assert misfits(await api("GET", address, who, params={"as_of": at})) == [("as_of", "must_be_past")]
    assert misfits(await api("GET", address, who, params={"as_of": "2026-01-01T00:00:00"})) == [("as_of", "zone_required")]
    assert misfits(await api("GET", address, who, params={"as_of": "2026-13-01T00:00:00Z"})) == [("as_of", "out_of_range")]
    for nonsense in ("0", "-1", "yesterday", "1.5", ""):
        assert (await api("GET", address, who, params={"as_of": nonsense})).status_code == 400


async def test_the_rules_of_today_decide_who_sees_the_past(api):
    ann, bob, admin = await api.account(), await api.account(), await api.admin()
    address, _, _ = await with_a_past(api, ann.headers)
    paths = (f"{address}?as_of=1", f"{address}/diff?from=1", f"{address}/history", f"{address}/activity", f"{address}/versions/1/diff/2")
    for path in paths:
        assert (await api("GET", path, ann.headers)).status_code == 200
        assert problem(await api("GET", path, bob.headers)) == (404, "not_found")
    assert (await api("DELETE", address, ann.headers)).status_code == 204
    for path in paths:
        assert problem(await api("GET", path, ann.headers)) == (404, "not_found")
    assert problem(await api("GET", f"{address}?as_of=1", admin)) == (404, "not_found")
    assert (await api("GET", f"{address}/history", admin)).json()["items"][0]["action_type"] == "deletion"
    assert (await api("POST", f"{address}/restore", ann.headers)).status_code == 200
    assert problem(await api("GET", f"{address}?as_of=6", ann.headers)) == (404, "not_found"), "it was deleted then"


@pytest.mark.parametrize("form", ["versions", "query", "moments"])
async def test_a_difference_names_every_field_that_is_not_the_same(api, form):
    who = (await api.account()).headers
    address, states, moments = await with_a_past(api, who)
    ask = {
        "versions": (f"{address}/versions/1/diff/3", {}),
        "query": (f"{address}/diff", {"from": "1", "to": "3"}),
        "moments": (f"{address}/diff", {"from": moments[0], "to": moments[2]}),
    }[form]
    told = (await api("GET", ask[0], who, params=ask[1])).json()
    assert (told["from_version"], told["to_version"]) == (1, 3)
    assert {"field": "title", "from": "Sweep the yard", "to": "Sweep both yards"} in told["changes"]
    assert {change["field"] for change in told["changes"]} == {"version", "updated_at", "title", "priority", "status"}
    assert states[0] | {change["field"]: change["to"] for change in told["changes"]} == states[2]


async def test_without_an_end_a_difference_goes_up_to_now_and_backwards_works_too(api):
    who = (await api.account()).headers
    address, states, _ = await with_a_past(api, who)
    told = (await api("GET", f"{address}/diff", who)).json()
    assert states[0] | {change["field"]: change["to"] for change in told["changes"]} == states[-1]
    back = (await api("GET", f"{address}/versions/5/diff/1", who)).json()
    assert states[-1] | {change["field"]: change["to"] for change in back["changes"]} == states[0]
    assert misfits(await api("GET", f"{address}/diff?from=1&to=6", who)) == [("to", "must_be_past")]
    assert misfits(await api("GET", f"{address}/versions/9/diff/1", who)) == [("from", "must_be_past")]
    for path in ("/versions/0/diff/1", "/versions/-1/diff/1", "/versions/a/diff/1", "/diff?from=0", "/diff?from=a"):
        assert (await api("GET", address + path, who)).status_code in {400, 404}


async def test_the_history_names_who_did_it_and_tells_of_comments_in_the_order_of_the_log(api):
    ann, admin = await api.account(), await api.admin()
    address, _, _ = await with_a_past(api, ann.headers)
    made = await api("POST", f"{address}/comments", admin, json={"text": "Well done"})
    assert made.status_code == 201, made.text
    assert (await api("PATCH", address, ann.headers, json={"due_date": LATER})).status_code == 200
    told = (await api("GET", f"{address}/history", ann.headers)).json()["items"]
    assert [(one["action_type"], one["activity"], one["version"]) for one in told] == [
        ("edit", "due_date_changed", 6),
        ("comment_added", "comment_added", None),
        ("status_change", "status_changed", 5),
        ("progress", "progress", 4),
        ("status_change", "status_changed", 3),
        ("edit", "priority_changed", 2),
        ("edit", "updated", 2),
        ("created", "created", 1),
    ]
    assert told[1]["to_value"] == made.json()["id"]
    assert told[0]["actor"] == {"type": "user", "id": ann.id, "name": "One user"}
    assert "***" in told[1]["actor"]["name"], "only administrators see the names of others in clear"
    assert [one["performed_by"] for one in told] == [ann.id, told[1]["actor"]["id"], *[ann.id] * 6]
    assert (await api("GET", f"{address}/activity", ann.headers)).json()["items"] == told
    seen = await pages(api, f"{address}/history?limit=3", ann.headers)
    assert [len(page) for page in seen] == [3, 3, 2]
    assert [one for page in seen for one in page] == [one["id"] for one in told]


async def test_in_a_history_nodes_and_the_clock_are_called_what_they_are(api):
    admin, node = await api.admin(), await api.account("node")
    soon = (api.system.log.now() + timedelta(seconds=1)).isoformat()
    task = await api.task(admin, assigned_node_id=node.id, lock_expires_at=soon)
    address = f"/api/v1/tasks/{task['id']}"
    assert (await api("POST", f"{address}/status", node.headers, json={"status": "in_progress"})).status_code == 200
    told = (await api("GET", f"{address}/history", admin)).json()["items"]
    assert told[0]["actor"] == {"type": "node", "id": node.id, "name": "One node"}
    for path in (f"{address}/history", f"{address}/diff?from=1"):
        assert problem(await api("GET", path, node.headers)) == (404, "not_found")


async def a_project(api, who) -> tuple[str, list[dict]]:
    """A project that was through something, and all its states."""
    made = await api("POST", "/api/v1/projects", who, json={"name": f"Garden {uuid4().hex[:8]}", "status": "active"})
    assert made.status_code == 201, made.text
    address = f"/api/v1/projects/{made.json()['id']}"
    states = [(await api("GET", address, who)).json()]
    for method, path, body in (
        ("PATCH", "", {"description": "All of it", "tags": ["yard"]}),
        ("POST", "/status", {"status": "on_hold", "reason": "Rain"}),
        ("PATCH", "", {"description": None}),
    ):
        answer = await api(method, address + path, who, json=body)
        assert answer.status_code == 200, answer.text
        states.append((await api("GET", address, who)).json())
    return address, states


async def test_projects_have_a_past_too(api):
    ann, bob = await api.account(), await api.account()
    address, states = await a_project(api, ann.headers)
    newest = len(states)
    assert [state["version"] for state in states] == list(range(states[0]["version"], states[0]["version"] + newest))
    for state in states:
        shown = await api("GET", address, ann.headers, params={"as_of": str(state["version"])})
        assert (shown.status_code, shown.json()) == (200, state)
    told = (await api("GET", f"{address}/diff", ann.headers, params={"from": str(states[0]["version"])})).json()
    assert states[0] | {change["field"]: change["to"] for change in told["changes"]} == states[-1]
    between = f"{address}/versions/{states[1]['version']}/diff/{states[2]['version']}"
    told = (await api("GET", between, ann.headers)).json()
    assert {"field": "status", "from": "active", "to": "on_hold"} in told["changes"]
    assert misfits(await api("GET", f"{address}?as_of=99", ann.headers)) == [("as_of", "must_be_past")]
    for path in (f"{address}?as_of=1", f"{address}/diff", between, f"{address}/history"):
        assert problem(await api("GET", path, bob.headers)) == (404, "not_found")
    assert (await api("DELETE", address, ann.headers)).status_code == 204
    assert problem(await api("GET", f"{address}?as_of=1", ann.headers)) == (404, "not_found")


async def test_the_history_of_a_project_tells_every_field_that_changed_and_why(api):
    ann = await api.account()
    address, states = await a_project(api, ann.headers)
    told = (await api("GET", f"{address}/history", ann.headers)).json()["items"]
    assert [(one["action_type"], one["reason"]) for one in told] == [
        ("edited", None),
        ("status_changed", "Rain"),
        ("edited", None),
        ("created", None),
    ]
    assert told[1]["changes"] == [{"field": "status", "from": "active", "to": "on_hold"}]
    assert told[0]["changes"] == [{"field": "description", "from": "All of it", "to": None}]
    assert {"field": "name", "from": None, "to": states[0]["name"]} in told[3]["changes"]
    assert told[0]["actor"] == {"type": "user", "id": ann.id, "name": "One user"}
    assert [one["version"] for one in told] == [state["version"] for state in reversed(states)]
    seen = await pages(api, f"{address}/history?limit=3", ann.headers)
    assert [one for page in seen for one in page] == [one["id"] for one in told]


async def test_only_what_a_page_of_a_projects_history_shows_is_compared(api, monkeypatch):
    ann = await api.account()
    address, _ = await a_project(api, ann.headers)
    whole, compared, plain = (await api("GET", f"{address}/history", ann.headers)).json()["items"], list[object](), past._plain

    def noted(state):
        compared.append(state)
        return plain(state)

    monkeypatch.setattr(past, "_plain", noted)
    assert (await api("GET", f"{address}/history?limit=2", ann.headers)).json()["items"] == whole[:2]
    assert len(compared) == 3 < len(whole)
