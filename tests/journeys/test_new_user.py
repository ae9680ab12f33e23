"""The walk of a new user: what the README promises, step by step over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from tests.eventually import eventually


async def created(user, api, **more) -> dict:
    answer = await user.post(api, "/tasks", {"title": "Replace the fan of rack 12", **more})
    assert answer.status_code == 201, answer.text
    task = answer.json()
    assert answer.headers["Location"] == f"/api/v1/tasks/{task['id']}"
    return task


async def done(user, api, path: str, **body) -> dict:
    answer = await user.post(api, path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(user, api, path: str, **body) -> tuple[int, str]:
    answer = await user.post(api, path, body)
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


async def items(user, api, path: str, **parameters) -> list[dict]:
    answer = await user.get(api, path, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def test_a_task_goes_from_the_administrator_to_a_node_and_is_done(api, admin, node):
    task = await created(admin, api, priority="high", payload={"rack": 12})
    assert (task["status"], task["version"], task["assigned_node_id"]) == ("pending", 1, None)
    assigned = await done(admin, api, f"/tasks/{task['id']}/assign", node_id=node.id, lock_expires_at=in_seconds(600))
    assert (assigned["assigned_node_id"], assigned["status"]) == (node.id, "pending")

    # The node did not write this itself, so it says how new a list it wants.
    assert [one["id"] for one in await items(node, api, "/tasks", status="pending", min_position=assigned["position"])] == [task["id"]]
    claimed = (await done(node, api, "/nodes/me/claim", limit=5, wait=5))["items"]
    assert [(one["id"], one["status"]) for one in claimed] == [(task["id"], "in_progress")]
    assert claimed[0]["token"] > assigned["token"]
    alive = await done(node, api, f"/tasks/{task['id']}/heartbeat", progress={"percent": 50})
    assert alive["progress"] == {"percent": 50}
    assert alive["lock_expires_at"] >= claimed[0]["lock_expires_at"]
    completed = await done(node, api, f"/tasks/{task['id']}/status", status="completed", token=claimed[0]["token"])
    assert completed["status"] == "completed"

    seen = (await admin.get(api, f"/tasks/{task['id']}")).json()
    assert {name: seen[name] for name in ("status", "payload", "assigned_node_id", "version")} == {
        "status": "completed", "payload": {"rack": 12}, "assigned_node_id": node.id, "version": completed["version"],
    }  # fmt: skip
    board = await items(admin, api, "/admin/tasks", status="completed", node_id=node.id, min_position=completed["position"])
    assert [one["id"] for one in board] == [task["id"]]
    assert (await node.get(api, "/tasks/stats")).json()["completed"] == 1
    history = await items(admin, api, f"/tasks/{task['id']}/history")
    assert [entry["version"] for entry in history] == sorted((entry["version"] for entry in history), reverse=True)
    changes = [(entry["from_value"], entry["to_value"]) for entry in history if entry["action_type"] == "status_change"]
    assert changes[0] == ("in_progress", "completed")
    assert {entry["performed_by"] for entry in history} == {admin.id, node.id}


async def test_a_node_that_waits_gets_its_task_the_moment_it_is_assigned(api, admin, node):
    task = await created(admin, api)
    waiting = asyncio.create_task(done(node, api, "/nodes/me/claim", wait=20))
    await eventually(lambda: in_flight(api))
    began = asyncio.get_running_loop().time()
    await done(admin, api, f"/tasks/{task['id']}/assign", node_id=node.id)
    assert [one["id"] for one in (await waiting)["items"]] == [task["id"]]
    assert asyncio.get_running_loop().time() - began < 10
    assert (await done(node, api, "/nodes/me/claim"))["items"] == []


async def in_flight(api) -> bool:
    async with httpx.AsyncClient(timeout=50) as client:
        return (await client.get(f"{api.url}/health")).json()["doing"]["in_flight"] >= 2


async def test_who_lost_a_task_can_do_nothing_with_it_any_more(api, admin, node, crowd):
    other = await crowd.node(api, admin)
    task = await created(admin, api, assigned_node_id=node.id, lock_expires_at=in_seconds(600))
    path = f"/tasks/{task['id']}"
    started = await done(node, api, f"{path}/status", status="in_progress")
    assert await refused(admin, api, f"{path}/assign", node_id=other.id) == (409, "invalid_transition")
    again = await done(admin, api, f"{path}/assign", node_id=node.id, force=True)
    assert again["token"] > started["token"]
    assert await refused(node, api, f"{path}/status", status="completed", token=started["token"]) == (409, "stale_token")
    assert await refused(node, api, f"{path}/heartbeat", token=started["token"]) == (409, "stale_token")
    await done(admin, api, f"{path}/assign", node_id=other.id)
    assert await refused(node, api, f"{path}/status", status="in_progress") == (404, "not_found")
    assert (await node.get(api, path)).status_code == 404
    assert (await done(other, api, f"{path}/status", status="in_progress"))["status"] == "in_progress"


async def test_a_lease_that_ran_out_is_refused_and_ended_by_the_clock(api, admin, node):
    task = await created(admin, api, assigned_node_id=node.id, lock_expires_at=in_seconds(4))
    path = f"/tasks/{task['id']}"
    await done(node, api, f"{path}/status", status="in_progress")

    async def dead() -> list[str]:
        return [one["id"] for one in await items(admin, api, "/admin/tasks", dead=True, node_id=node.id)]

    assert await eventually(dead) == [task["id"]]
    assert (await admin.get(api, path)).json()["status"] == "failed"
    assert await refused(node, api, f"{path}/status", status="completed") == (409, "task_expired")
    assert await refused(node, api, f"{path}/heartbeat") == (409, "task_expired")


async def test_what_belongs_to_others_does_not_exist(api, admin, crowd):
    ann, bob = await crowd.register(api), await crowd.register(api)
    task = await created(ann, api)
    for path in (f"/tasks/{task['id']}", f"/tasks/{task['id']}/history"):
        assert (await bob.get(api, path)).status_code == 404
        assert (await admin.get(api, path)).status_code == 200
    assert await refused(bob, api, f"/tasks/{task['id']}/status", status="in_progress") == (404, "not_found")
    assert (await bob.ask(api, "DELETE", f"/tasks/{task['id']}")).status_code == 404
    assert (await ann.get(api, f"/tasks/{uuid4()}")).status_code == 404
    assert await items(bob, api, "/tasks") == []
    assert await refused(ann, api, f"/tasks/{task['id']}/assign", node_id=bob.id) == (403, "insufficient_role")


async def test_a_deleted_task_is_gone_until_it_is_restored(api, admin):
    task = await created(admin, api)
    path = f"/tasks/{task['id']}"
    deleted = await admin.ask(api, "DELETE", path, headers={"If-Match": '"1"'})
    assert deleted.status_code == 204
    assert (await admin.get(api, path)).status_code == 404
    assert task["id"] not in {one["id"] for one in await items(admin, api, "/tasks")}
    assert task["id"] in {one["id"] for one in await items(admin, api, "/admin/tasks", include_deleted=True)}
    assert (await done(admin, api, f"{path}/restore"))["deleted"] is False
    assert (await admin.get(api, path)).json()["version"] == 3


async def test_many_tasks_are_changed_at_once_and_each_says_what_became_of_it(api, admin, node):
    tasks = [(await created(admin, api))["id"] for _ in range(5)]
    nowhere = str(uuid4())
    told = (await done(admin, api, "/tasks/batch", tasks=[*tasks, nowhere], action="assign", node_id=node.id))["results"]
    assert [(one["task_id"], one["success"]) for one in told] == [*((task, True) for task in tasks), (nowhere, False)]
    assert told[-1]["error"]["code"] == "not_found"
    started = (await done(node, api, "/tasks/batch", tasks=tasks, action="start"))["results"]
    assert all(one["success"] for one in started)
    completed = (await done(node, api, "/tasks/batch", tasks=[*tasks[:3], nowhere], action="complete"))["results"]
    assert [one["success"] for one in completed] == [True, True, True, False]
    counts = (await node.get(api, "/tasks/stats")).json()
    assert (counts["total"], counts["completed"], counts["in_progress"]) == (5, 3, 2)
    assert {one["id"] for one in await items(node, api, "/tasks", status="completed")} == set(tasks[:3])
