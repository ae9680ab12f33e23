"""Lists, counts and reports of tasks over HTTP: every filter, whose tasks one may look at, totals, and answers that are known already."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.http.daybook import Account, Api, misfits, problem

TASKS, ALL_TASKS = "/api/v1/tasks", "/api/v1/admin/tasks"


async def got(api: Api, path: str, who: dict[str, str]) -> Any:
    answer = await api("GET", path, who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def titles(api: Api, query: str, who: dict[str, str], path: str = TASKS) -> list[str]:
    return [one["title"] for one in (await got(api, f"{path}?{query}", who))["items"]]


async def done(api: Api, method: str, path: str, who: dict[str, str], **body: Any) -> Any:
    answer = await api(method, path, who, json=body)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


@pytest.fixture(scope="module")
async def ann(api: Api) -> Account:
    """Somebody with a handful of tasks, each unlike the others."""
    who = await api.account()
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    await api.task(who.headers, title="Paint the door", priority="high", tags=["paint", "outside"], due_date=soon)
    await api.task(who.headers, title="Order 100% cotton", description="For the PUMP room", priority="URGENT", external_id=f"x-{who.id}")
    begun = await api.task(who.headers, title="Fix the pump", tags=["paint"])
    await done(api, "POST", f"{TASKS}/{begun['id']}/status", who.headers, status="in_progress")
    over = await api.task(who.headers, title="Call home")
    await done(api, "POST", f"{TASKS}/{over['id']}/status", who.headers, status="DONE")
    gone = await api.task(who.headers, title="Never mind")
    assert (await api("DELETE", f"{TASKS}/{gone['id']}", who.headers)).status_code == 204
    return who


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Call home", "Fix the pump", "Order 100% cotton", "Paint the door"]),
        ("status=TODO", ["Order 100% cotton", "Paint the door"]),
        ("status=In_Progress,done", ["Call home", "Fix the pump"]),
        ("status=all", ["Call home", "Fix the pump", "Order 100% cotton", "Paint the door"]),
        ("priority=HIGH,critical", ["Order 100% cotton", "Paint the door"]),
        ("tag=paint", ["Fix the pump", "Paint the door"]),
        ("tag=outside,nowhere&priority=high", ["Paint the door"]),
        ("q=pump", ["Fix the pump", "Order 100% cotton"]),
        ("search=PUMP the&status=pending", ["Order 100% cotton"]),
        ("q=100%25", ["Order 100% cotton"]),
        ("q=_", []),
        ("due_from=2020-01-01T00:00:00Z", ["Paint the door"]),
        ("due_to=2020-01-01T00:00:00Z", []),
        ("created_from=2020-01-01T00:00:00Z&created_to=2021-01-01T00:00:00Z", []),
        ("created_from=2020-01-01T00:00:00Z&status=completed", ["Call home"]),
        ("status=OVERDUE", []),
        ("overdue=false&status=completed", ["Call home"]),
        ("sort=title", ["Call home", "Fix the pump", "Order 100% cotton", "Paint the door"]),
        ("sort=-priority", ["Order 100% cotton", "Paint the door", "Call home", "Fix the pump"]),
        ("sort=created_at", ["Paint the door", "Order 100% cotton", "Fix the pump", "Call home"]),
        ("sort=due_date&limit=1", ["Paint the door"]),
        ("watcher=me", []),
    ],
)
async def test_filters_all_hold_and_several_words_are_any_of_them(api, ann, query, expected):
    found = await titles(api, query, ann.headers)
    assert found == expected if "-priority" not in query else found[:2] == expected[:2]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("status=maybe", ("status", "not_allowed")),
        ("priority=maybe", ("priority", "not_allowed")),
        ("sort=colour", ("sort", "not_allowed")),
        ("sort=", ("sort", "not_allowed")),
        ("colour=red", ("colour", "unknown_parameter")),
        ("watcher=somebody", ("watcher", "not_allowed")),
        ("due_from=yesterday", ("due_from", "wrong_format")),
        ("include_deleted=true", ("include_deleted", "unknown_parameter")),
        ("page=0", ("page", "out_of_range")),
        ("page=1&cursor=abc", ("cursor", "invalid_cursor")),
    ],
)
async def test_what_is_no_filter_is_400_and_named(api, ann, query, wrong):
    assert misfits(await api("GET", f"{TASKS}?{query}", ann.headers)) == [wrong]


async def test_a_numbered_page_has_a_total_and_a_cursor_goes_on_in_any_order(api, ann):
    told = await got(api, f"{TASKS}?page=2&limit=3", ann.headers)
    assert (told["total"], told["count"], told["page"], [one["title"] for one in told["items"]]) == (4, 1, 2, ["Paint the door"])
    first = await got(api, f"{TASKS}?sort=-title&limit=3", ann.headers)
    rest = await got(api, f"{TASKS}?sort=-title&limit=3&cursor={first['next_cursor']}", ann.headers)
    assert [one["title"] for one in (*first["items"], *rest["items"])] == ["Paint the door", "Order 100% cotton", "Fix the pump", "Call home"]
    other = await api("GET", f"{TASKS}?sort=title&cursor={first['next_cursor']}", ann.headers)
    assert misfits(other) == [("cursor", "invalid_cursor")]


async def test_mine_is_what_i_own_or_am_to_work_on_and_no_list_shows_what_i_may_not_see(api, ann):
    bob = await api.account()
    task = await api.task(ann.headers, title="Shared")
    given = await done(api, "POST", f"{TASKS}/{task['id']}/assignees", ann.headers, user_id=bob.id)
    assert await titles(api, f"min_position={given['position']}", bob.headers) == ["Shared"]
    assert await titles(api, f"assignee_id={bob.id}", bob.headers) == ["Shared"]
    assert await titles(api, f"owner_id={bob.id}", bob.headers) == []
    assert await titles(api, f"owner_id={ann.id}", bob.headers) == ["Shared"], "of hers, what concerns him"
    assert await titles(api, f"assignee_id={bob.id}", ann.headers) == ["Shared"]
    assert (await got(api, f"{TASKS}/stats?min_position={given['position']}", bob.headers))["total"] == 1
    assert set(await titles(api, f"user_id={ann.id}&limit=200", await api.admin())) > {"Shared", "Call home"}
    gone = await api("DELETE", f"{TASKS}/{task['id']}", ann.headers)
    now = f"min_position={gone.headers['daybook-position']}"
    assert (await titles(api, now, bob.headers), (await got(api, f"{TASKS}/stats?{now}", bob.headers))["total"]) == ([], 0)


async def test_the_tasks_of_a_project_are_for_those_who_see_it(api):
    owner, stranger = await api.account(), await api.account()
    project = await done(api, "POST", "/api/v1/projects", owner.headers, name=f"Yard {uuid4()}")
    one = await api.task(owner.headers, title="In it", project_id=project["id"], tags=["fan"], priority="high")
    await api.task(owner.headers, title="Also in it", project_id=project["id"])
    await api.task(owner.headers, title="Elsewhere")
    await done(api, "POST", f"{TASKS}/{one['id']}/status", owner.headers, status="completed")
    here = f"project_id={project['id']}"
    assert await titles(api, here, owner.headers) == ["Also in it", "In it"]
    assert await titles(api, f"{here}&tag=fan", owner.headers) == ["In it"]
    assert await titles(api, f"{here}&owner_id={owner.id}&status=pending", owner.headers) == ["Also in it"]
    for path in (f"{TASKS}?{here}", f"{TASKS}/stats?{here}", f"/api/v1/reports/productivity?{here}", f"{TASKS}?project_id={uuid4()}"):
        assert problem(await api("GET", path, stranger.headers)) == (404, "not_found")
    stats = await got(api, f"/api/v1/projects/{project['id']}/stats", owner.headers)
    assert (stats["total_tasks"], stats["completed_tasks"], stats["progress"], stats["by_priority"]["high"]) == (2, 1, 50.0, 1)
    assert stats["last_activity"] is not None
    burnt = await got(api, f"/api/v1/projects/{project['id']}/burndown", owner.headers)
    assert [(day["open"], day["done"], day["total"]) for day in burnt["days"]][-1] == (1, 1, 2)
    past = await got(api, f"/api/v1/projects/{project['id']}/burndown?from=2020-01-01&to=2020-01-02", owner.headers)
    assert [(day["date"], day["total"]) for day in past["days"]] == [("2020-01-01", 0), ("2020-01-02", 0)]
    board = await got(api, "/api/v1/dashboard", owner.headers)
    mine = [(one["project_id"], one["total"], one["open"], one["completed"]) for one in board["by_project"]]
    assert (board["counts"]["total"], mine) == (3, [(project["id"], 2, 1, 1)])


async def test_the_dashboard_shows_what_is_due_soon_and_what_is_late(api):
    user, now = await api.account(), datetime.now(UTC)
    for title, days in (("Next week", 6), ("Tomorrow", 1), ("Next month", 30)):
        await api.task(user.headers, title=title, due_date=(now + timedelta(days=days)).isoformat())
    board = await got(api, "/api/v1/dashboard", user.headers)
    assert [one["title"] for one in board["due_soon"]] == ["Tomorrow", "Next week"]
    assert (board["overdue"], board["counts"]["pending"], board["by_project"]) == ([], 3, [])


async def test_what_was_created_and_completed_is_reported_by_day(api, ann):
    told = await got(api, "/api/v1/reports/productivity", ann.headers)
    assert (len(told["days"]), told["days"][-1]["completed"], told["completed"]) == (30, 1, 1)
    assert told["created"] >= 5
    everybody = await got(api, "/api/v1/reports/productivity?all=true", await api.admin())
    assert everybody["created"] >= told["created"]
    assert problem(await api("GET", "/api/v1/reports/productivity?all=true", ann.headers)) == (404, "not_found")
    too_long = await api("GET", "/api/v1/reports/productivity?from=1900-01-01&to=2026-01-01", ann.headers)
    assert misfits(too_long) == [("from", "out_of_range")]


async def test_an_admin_sees_whose_each_task_is_and_how_many_everybody_has(api, ann):
    admin = await api.admin()
    (task,) = (await got(api, f"{ALL_TASKS}?external_id=x-{ann.id}", admin))["items"]
    name = (await got(api, "/api/v1/auth/me", ann.headers))["name"]
    assert (task["owner"]["id"], task["owner"]["name"]) == (ann.id, name)
    assert "@" in task["owner"]["email"]
    shown = {one["id"]: one for one in (await got(api, "/api/v1/admin/users", admin))["items"]}
    assert shown[ann.id]["task_count"] == (await got(api, f"{TASKS}?page=1&owner_id={ann.id}", admin))["total"]
    first = await got(api, "/api/v1/admin/users?limit=1", admin)
    assert len(first["items"]) == 1
    assert first["next_cursor"] is not None
    deleted = await titles(api, f"owner_id={ann.id}&include_deleted=true&q=mind", admin, ALL_TASKS)
    assert deleted == ["Never mind"]
    assert problem(await api("GET", "/api/v1/admin/users", ann.headers))[0] == 403


@pytest.mark.parametrize("path", [TASKS, f"{TASKS}?page=1", f"{TASKS}/stats", "/api/v1/dashboard"])
async def test_who_has_the_answer_is_told_so_and_nobody_else(api, path):
    user, other = await api.account(), await api.account()
    first = await api("GET", path, user.headers)
    tag = {"If-None-Match": first.headers["etag"]}
    assert first.headers["cache-control"] == "private, no-cache"
    again = await api("GET", path, user.headers, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert (await api("GET", path, other.headers, headers=tag)).status_code == 200, "the same words, but not to whom they were said"
    await api.task(user.headers)
    assert (await api("GET", path, user.headers, headers=tag)).status_code == 200
    assert (await api("POST", "/api/v1/auth/logout", user.headers)).status_code == 204
    assert (await api("GET", path, user.headers, headers=tag)).status_code == 401


async def test_a_node_sees_what_is_assigned_to_it_and_so_does_its_key_that_may_only_read(api):
    node, admin = await api.account("node"), await api.admin()
    task = await api.task(admin, title="For the node", assigned_node_id=node.id)
    made = await api("POST", "/api/v1/api-keys", admin, json={"name": "screen", "scopes": ["tasks:read"], "owner_id": node.id})
    assert made.status_code == 201, made.text
    now = f"min_position={task['position']}"
    for who in (node.headers, {"X-API-Key": made.json()["key"]}):
        assert await titles(api, now, who) == ["For the node"]
        assert (await got(api, f"{TASKS}/stats?{now}", who))["pending"] == 1


async def test_counts_and_list_agree_right_after_each_command_of_many_at_once(api):
    user = await api.account()

    async def one(nth: int) -> None:
        task = await api.task(user.headers, priority="high" if nth % 2 else "low")
        position = task["position"]
        stats = await got(api, f"{TASKS}/stats?min_position={position}", user.headers)
        listed = await got(api, f"{TASKS}?page=1&min_position={position}", user.headers)
        assert stats["total"] >= 1
        assert listed["total"] >= 1

    await asyncio.gather(*(one(nth) for nth in range(12)))
    stats, listed = await got(api, f"{TASKS}/stats", user.headers), await got(api, f"{TASKS}?page=1", user.headers)
    assert (stats["total"], stats["high_priority"], stats["by_priority"]["low"], listed["total"]) == (12, 6, 6, 12)
