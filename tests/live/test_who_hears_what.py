"""Each hears what concerns them, through the channels they follow, and nothing else."""

import json
from uuid import UUID, uuid4

import msgspec
import pytest
from jsonschema import Draft202012Validator

from api.live.document import asyncapi
from domain.projects.events import ProjectMemberRemoved, TeamMemberRemoved
from tests.live.happening import a_project, a_team, happens


async def test_the_owner_is_told_of_each_step_of_a_task_with_its_position(here):
    ada = await here.api.account()
    async with here.listens(ada.headers, "tasks") as listener:
        began = await listener.hears("live.subscribed")
        assert began["channels"] == ["tasks"]
        task = await here.api.task(ada.headers, title="Sweep the yard", payload={"text": "x" * 2000})
        told = await listener.hears("task.created", id=task["id"])
        assert (told["position"], told["version"], told["channels"]) == (task["position"], 1, ["tasks"])
        assert told["position"] > began["position"]
        assert told["data"]["title"] == "Sweep the yard"
        assert told["data"]["left_out"] == ["payload"]
        await here.api("PATCH", f"/api/v1/tasks/{task['id']}", ada.headers, json={"title": "Sweep it well"})
        edited = await listener.hears("task.edited")
        assert edited["data"]["changes"] == {"title": "Sweep it well"}


async def test_nobody_is_told_of_the_tasks_of_others(here):
    ada, eve = await here.api.account(), await here.api.account()
    async with here.listens(ada.headers, "tasks") as hers, here.listens(eve.headers, "tasks", "projects", "notifications") as other:
        await other.hears("live.subscribed")
        await hers.hears("live.subscribed")
        task = await here.api.task(ada.headers)
        own = await here.api.task(eve.headers)
        await hers.hears("task.created", id=task["id"])
        await other.hears("task.created", id=own["id"])
        assert [one["id"] for one in other.events] == [own["id"]]


async def test_a_task_of_somebody_else_is_no_channel(here):
    ada, eve = await here.api.account(), await here.api.account()
    task = await here.api.task(ada.headers)
    assert await here.refusal(eve.headers, f"task:{task['id']}") == 4003
    assert await here.refusal(eve.headers, f"task:{uuid4()}") == 4003
    assert await here.refusal(eve.headers, f"project:{uuid4()}") == 4003
    async with here.listens(eve.headers, "tasks") as listener:
        await listener.say(subscribe=[f"task:{task['id']}"])
        assert await listener.closed() == 4003


@pytest.mark.parametrize(("role", "code"), [("user", 4003), ("node", 4003), ("auditor", None), ("admin", None)])
async def test_everything_is_for_administrators_and_auditors(here, role, code):
    who, ada = await here.api.account(role), await here.api.account()
    if code is not None:
        assert await here.refusal(who.headers, "all") == code
        return
    async with here.listens(who.headers, "all") as listener:
        await listener.hears("live.subscribed")
        task = await here.api.task(ada.headers)
        assert (await listener.hears("task.created", id=task["id"]))["channels"] == ["all"]


async def test_a_node_hears_of_its_queue_and_only_nodes_have_one(here):
    node, admin = await here.api.account("node"), await here.api.admin()
    task = await here.api.task(admin)
    assert await here.refusal((await here.api.account()).headers, "node") == 4003
    async with here.listens(node.headers, "node") as listener:
        await listener.hears("live.subscribed")
        given = await here.api("POST", f"/api/v1/tasks/{task['id']}/assign", admin, json={"node_id": node.id})
        assert given.status_code == 200, given.text
        assert (await listener.hears("task.assigned", id=task["id"]))["data"]["node_id"] == node.id


async def test_who_is_taken_off_a_task_is_told_that_and_nothing_after_it(here):
    ada, bob = await here.api.account(), await here.api.account()
    task = await here.api.task(ada.headers)
    watching = f"/api/v1/tasks/{task['id']}/watchers"
    added = await here.api("POST", watching, ada.headers, json={"user_id": bob.id})
    assert added.status_code == 200, added.text
    async with here.listens(bob.headers, "tasks", f"task:{task['id']}") as listener:
        await listener.hears("live.subscribed")
        assert (await here.api("DELETE", f"{watching}/{bob.id}", ada.headers)).status_code < 300
        await here.api("PATCH", f"/api/v1/tasks/{task['id']}", ada.headers, json={"title": "Between us"})
        mine = await here.api.task(bob.headers)
        assert (await listener.hears("task.watcher_removed"))["channels"] == sorted(["tasks", f"task:{task['id']}"])
        assert (await listener.hears("live.ended"))["channels"] == [f"task:{task['id']}"]
        await listener.hears("task.created", id=mine["id"])
        assert [one["type"] for one in listener.events] == ["task.watcher_removed", "task.created"]


async def test_a_member_hears_of_a_project_and_its_tasks_until_removed_and_is_then_closed(here):
    ada, bob = await here.api.account(), await here.api.account()
    project = await a_project(here.api.system, ada.id, bob.id)
    async with here.listens(bob.headers, f"project:{project}") as listener, here.listens(bob.headers, "projects") as beside:
        await listener.hears("live.subscribed")
        await beside.hears("live.subscribed")
        task = await here.api.task(ada.headers, project_id=str(project))
        assert (await listener.hears("task.created", id=task["id"]))["channels"] == [f"project:{project}"]
        removed = ProjectMemberRemoved(at=here.api.system.log.now(), project_id=project, user_id=UUID(bob.id))
        await happens(here.api.system, project, removed)
        await here.api.task(ada.headers, project_id=str(project))
        assert await listener.closed() == 4003
        assert [one["type"] for one in listener.told[-3:]] == ["task.created", "project.member_removed", "live.ended"]
        await beside.hears("project.member_removed")
    assert await here.refusal(bob.headers, f"project:{project}") == 4003


async def test_a_person_hears_of_notifications_alone_and_how_many_are_unread(here):
    ada, bob = await here.api.account(), await here.api.account()
    async with here.listens(bob.headers, "notifications") as listener, here.listens(await here.api.admin(), "all") as admin:
        await listener.hears("live.subscribed")
        await admin.hears("live.subscribed")
        assert (await listener.hears("notifications.unread"))["total"] == 0
        task = await here.api.task(ada.headers)
        added = await here.api("POST", f"/api/v1/tasks/{task['id']}/assignees", ada.headers, json={"user_id": bob.id})
        assert added.status_code == 200, added.text
        created = await listener.hears("notification.created")
        assert (created["data"]["task_id"], created["channels"]) == (task["id"], ["notifications"])
        assert (await listener.hears("notifications.unread"))["total"] == 1
        read = await here.api("PATCH", f"/api/v1/notifications/{created['id']}/read", bob.headers)
        assert read.status_code < 300, read.text
        await listener.hears("notification.read", id=created["id"])
        assert (await listener.hears("notifications.unread"))["total"] == 0
        await here.api.task(ada.headers, title="The last")
        await admin.until(lambda told: told.get("data", {}).get("title") == "The last")
        assert not [one for one in admin.events if one["type"].startswith("notification")]


async def test_who_is_removed_from_a_team_follows_its_projects_no_longer(here):
    ada, bob, system = await here.api.account(), await here.api.account(), here.api.system
    team = await a_team(system, ada.id, bob.id)
    project = await a_project(system, ada.id, team=team)
    task = await here.api.task(ada.headers, project_id=str(project))
    async with here.listens(bob.headers, f"project:{project}", f"task:{task['id']}") as listener:
        await listener.hears("live.subscribed")
        await happens(system, team, TeamMemberRemoved(at=system.log.now(), team_id=team, user_id=UUID(bob.id)))
        assert await listener.closed() == 4003
        assert [one["type"] for one in listener.told[-2:]] == ["live.ended"] * 2


async def test_it_is_served_and_what_is_told_fits_it(here):
    document = json.loads(msgspec.json.encode(asyncapi(here.api.parts.rules.address)))
    served = (await here.http.get("/asyncapi.json")).json()
    assert served == document
    ada, bob = await here.api.account(), await here.api.account()
    async with here.listens(ada.headers, "tasks", "notifications") as listener:
        await listener.hears("live.subscribed")
        task = await here.api.task(ada.headers, priority="high", tags=["a"], due_date="2036-01-01T00:00:00Z")
        path = f"/api/v1/tasks/{task['id']}"
        await here.api("PATCH", path, ada.headers, json={"title": "Other", "description": None})
        await here.api("POST", f"{path}/assignees", ada.headers, json={"user_id": bob.id})
        await here.api("POST", f"{path}/comments", bob.headers, json={"text": "Done?"})
        await here.api("POST", f"{path}/status", ada.headers, json={"status": "in_progress"})
        await listener.hears("notification.created")  # Of a task that is gone by then, nobody would be told.
        await here.api("DELETE", path, ada.headers)
        await listener.hears("task.deleted")
        await listener.socket.send("nonsense")
        await listener.hears("error")
    kinds = {told["type"] for told in listener.told}
    assert kinds >= {"live.subscribed", "task.created", "task.edited", "task.assignee_added", "comment.posted", "task.deleted", "error"}
    for told in listener.told:
        schema = document["components"]["messages"][told["type"]]["payload"] | {"components": document["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(told)] == [], told
