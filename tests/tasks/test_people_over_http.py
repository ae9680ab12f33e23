"""Tasks of people as clients speak them: words in any case, merge patches, people, projects, batches, and reading one's own writes."""

from uuid import uuid4

import pytest

from tests.eventually import eventually
from tests.http.daybook import Account, Api, misfits, problem


async def project(api: Api, owner: Account, **members: Account) -> str:
    made = await api("POST", "/api/v1/projects", owner.headers, json={"name": f"Garden {uuid4().hex[:8]}"})
    assert made.status_code == 201, made.text
    for role, who in members.items():
        joined = await api("POST", f"/api/v1/projects/{made.json()['id']}/members", owner.headers, json={"user_id": who.id, "role": role})
        assert joined.status_code == 201, joined.text
    return str(made.json()["id"])


async def test_a_task_begins_where_people_are_with_it_and_with_whom(api):
    ann, bob = await api.account(), await api.account()
    body = {"status": "REVIEW", "priority": "Critical", "assignee_ids": [bob.id], "watcher_ids": [ann.id], "tags": ["Wet", " wet ", "green"]}
    made = await api.task(ann.headers, **body, due_date="2020-01-01T00:00:00Z")
    assert (made["status"], made["priority"], made["assignee_ids"], made["watcher_ids"]) == ("in_review", "urgent", [bob.id], [ann.id])
    assert (made["tags"], made["overdue"], made["owner_id"]) == (["wet", "green"], True, ann.id)
    read = await api("GET", f"/api/v1/tasks/{made['id']}", bob.headers)
    assert read.json() == {name: value for name, value in made.items() if name != "position"}


async def test_tasks_are_only_ever_made_for_oneself_except_by_administrators(api):
    ann, bob = await api.account(), await api.account()
    foreign = await api("POST", "/api/v1/tasks", ann.headers, json={"title": "Yours", "owner_id": bob.id})
    assert problem(foreign) == (403, "forbidden")
    assert (await api.task(await api.admin(), owner_id=bob.id))["owner_id"] == bob.id
    unknown = await api("POST", "/api/v1/tasks", await api.admin(), json={"title": "Nobody's", "owner_id": str(uuid4())})
    assert misfits(unknown) == [("/owner_id", "unknown_user")]
    named = await api("POST", "/api/v1/tasks", ann.headers, json={"title": "Ours", "assignee_ids": [bob.id, str(uuid4())]})
    assert misfits(named) == [("/assignee_ids/1", "unknown_user")]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_is_left_out_stays_null_clears_and_the_same_again_is_no_news(api, method):
    ann, bob = await api.account(), await api.account()
    made = await api.task(ann.headers, description="It hums.", assignee_ids=[ann.id])
    path = f"/api/v1/tasks/{made['id']}"
    started = await api(method, path, ann.headers, json={"status": "IN_PROGRESS"})
    assert (started.status_code, started.json()["status"], started.json()["description"]) == (200, "in_progress", "It hums.")
    again = await api(method, path, ann.headers, json={"status": "in_progress", "title": made["title"], "assignee_ids": [ann.id]})
    assert (again.status_code, again.json()["version"]) == (200, started.json()["version"])
    as_seen = {"If-Match": started.headers["etag"]}
    changed = await api(method, path, ann.headers, json={"description": None, "assignee_ids": [bob.id]}, headers=as_seen)
    assert (changed.json()["description"], changed.json()["assignee_ids"]) == (None, [bob.id])
    stale = await api(method, path, ann.headers, json={"title": "Late"}, headers=as_seen)
    assert problem(stale) == (412, "precondition_failed")
    assert misfits(await api(method, path, ann.headers, json={"owner_id": bob.id})) == [("/owner_id", "unknown_field")]
    assert problem(await api(method, path, bob.headers, json={"assignee_ids": [bob.id, ann.id]})) == (403, "forbidden")


async def test_assignees_and_watchers_come_and_go_one_by_one(api):
    ann, bob, cat = [await api.account() for _ in range(3)]
    path = f"/api/v1/tasks/{(await api.task(ann.headers))['id']}"
    assert problem(await api("POST", f"{path}/watchers", bob.headers, json={"user_id": bob.id})) == (404, "not_found")
    given = await api("POST", f"{path}/assignees", ann.headers, json={"user_id": bob.id})
    assert (given.status_code, given.json()["assignee_ids"], given.headers["etag"]) == (200, [bob.id], '"2"')
    assert (await api("POST", f"{path}/assignees", ann.headers, json={"user_id": bob.id})).json()["version"] == 2
    assert problem(await api("POST", f"{path}/watchers", bob.headers, json={"user_id": cat.id})) == (403, "forbidden")
    assert (await api("POST", f"{path}/watchers", bob.headers, json={"user_id": bob.id})).json()["watcher_ids"] == [bob.id]
    assert (await api("DELETE", f"{path}/watchers/{bob.id}", bob.headers)).status_code == 204
    assert (await api("DELETE", f"{path}/assignees/{bob.id}", ann.headers, headers={"If-Match": '"1"'})).status_code == 412
    assert (await api("DELETE", f"{path}/assignees/{bob.id}", bob.headers)).status_code == 204
    assert problem(await api("GET", path, bob.headers)) == (404, "not_found")


async def test_review_goes_back_by_its_own_name_and_so_does_what_was_cancelled(api):
    ann, bob = await api.account(), await api.account()
    path = f"/api/v1/tasks/{(await api.task(ann.headers, assignee_ids=[bob.id]))['id']}"
    assert (await api("POST", f"{path}/status", bob.headers, json={"status": "REVIEW"})).json()["status"] == "in_review"
    assert problem(await api("POST", f"{path}/send-back", bob.headers, json={"reason": "Mine"})) == (403, "forbidden")
    assert misfits(await api("POST", f"{path}/send-back", ann.headers, json={"reason": ""})) == [("/reason", "too_short")]
    assert (await api("POST", f"{path}/send-back", ann.headers, json={"reason": "A dry corner"})).json()["status"] == "in_progress"
    cancelled = await api("POST", f"{path}/status", bob.headers, json={"status": "canceled", "reason": "It rains"})
    assert cancelled.json()["status"] == "cancelled"
    reopened = await api("POST", f"{path}/reopen", ann.headers, json={"reason": "It stopped"})
    assert reopened.json()["status"] == "pending"
    told = (await api("GET", f"{path}/history", ann.headers)).json()["items"]
    assert [one["reason"] for one in told[:3]] == ["It stopped", "It rains", "A dry corner"]


async def test_a_task_moves_between_projects_by_who_has_a_say_in_both(api):
    ann, bob, cat = [await api.account() for _ in range(3)]
    garden, cellar = await project(api, ann, member=bob, viewer=cat), await project(api, bob)
    made = await api.task(bob.headers, project_id=garden)
    path = f"/api/v1/tasks/{made['id']}"
    assert (await api("GET", path, cat.headers)).status_code == 200
    assert problem(await api("POST", f"{path}/move", cat.headers, json={"project_id": None})) == (403, "forbidden")
    assert problem(await api("POST", f"{path}/move", ann.headers, json={"project_id": cellar})) == (404, "not_found")
    assert (await api("POST", f"{path}/move", bob.headers, json={"project_id": cellar})).json()["project_id"] == cellar
    assert problem(await api("GET", path, ann.headers)) == (404, "not_found")
    assert problem(await api("POST", "/api/v1/tasks", cat.headers, json={"title": "No", "project_id": garden})) == (403, "forbidden")
    assert problem(await api("POST", "/api/v1/tasks", cat.headers, json={"title": "No", "project_id": cellar})) == (404, "not_found")


async def test_a_batch_is_all_or_none_where_that_is_asked_and_told_again_word_for_word(api):
    ann, bob = await api.account(), await api.account()
    mine, foreign = [(await api.task(ann.headers))["id"] for _ in range(3)], (await api.task(bob.headers))["id"]
    body = {"tasks": [*mine, foreign], "action": "set_status", "status": "DONE", "atomic": True}
    refused = await api("POST", "/api/v1/tasks/batch", ann.headers, json=body)
    assert problem(refused) == (409, "batch_refused")
    assert refused.json()["offenders"] == [{"task_id": foreign, "code": "not_found", "detail": "There is nothing here that the caller may see."}]
    assert (await api("GET", f"/api/v1/tasks/{mine[0]}", ann.headers)).json()["version"] == 1
    key = {"Idempotency-Key": uuid4().hex}
    told = [await api("POST", "/api/v1/tasks/batch", ann.headers, json=body | {"tasks": mine}, headers=key) for _ in range(2)]
    assert [one.status_code for one in told] == [200, 200]
    assert told[0].content == told[1].content
    assert told[1].headers["idempotent-replayed"] == "true"
    listed = (await api("GET", "/api/v1/tasks", ann.headers)).json()["items"]
    assert [item["status"] for item in listed] == ["completed"] * 3


@pytest.mark.parametrize(("action", "field"), [("set_status", "status"), ("reopen", "reason"), ("move", "project_id"), ("add_tag", "tag")])
async def test_an_action_that_says_too_little_is_refused_as_a_whole(api, action, field):
    ann = await api.account()
    body = {"tasks": [(await api.task(ann.headers))["id"]], "action": action}
    assert misfits(await api("POST", "/api/v1/tasks/batch", ann.headers, json=body)) == [(f"/{field}", "required")]


async def test_an_erased_persons_tasks_are_gone_and_their_part_in_others_too(api):
    ann, bob = await api.account(), await api.account()
    garden = await project(api, ann, member=bob)
    own, shared = await api.task(bob.headers), await api.task(bob.headers, project_id=garden, assignee_ids=[bob.id])
    followed = await api.task(ann.headers, assignee_ids=[bob.id], watcher_ids=[bob.id, ann.id])
    assert (await api("DELETE", f"/api/v1/users/{bob.id}", await api.admin())).status_code == 204

    async def gone() -> bool:
        answers = [await api("GET", f"/api/v1/tasks/{one['id']}", await api.admin()) for one in (own, shared, followed)]
        left = [(one.json()["owner_id"], one.json()["assignee_ids"], one.json()["watcher_ids"]) for one in answers[1:]]
        return answers[0].status_code == 404 and left == [(ann.id, [], []), (ann.id, [], [ann.id])]

    await eventually(gone, 20)


async def test_a_title_is_measured_without_the_spaces_around_it(api):
    ann = await api.account()
    assert (await api.task(ann.headers, title=f"  {'x' * 255}\n"))["title"] == "x" * 255
    assert misfits(await api("POST", "/api/v1/tasks", ann.headers, json={"title": "x" * 256})) == [("/title", "too_long")]


async def test_who_sends_a_word_that_is_none_is_told_which_are(api):
    ann = await api.account()
    made = await api.task(ann.headers)
    for path, body in (("/api/v1/tasks", {"title": "Odd", "status": "soon"}), (f"/api/v1/tasks/{made['id']}/status", {"status": "OVERDUE"})):
        answer = await api("POST", path, ann.headers, json=body)
        assert misfits(answer) == [("/status", "not_allowed")]
        assert "one of pending, in_progress, in_review, completed, failed, cancelled is meant" in answer.json()["errors"][0]["message"]
    answer = await api("POST", "/api/v1/tasks/batch", ann.headers, json={"tasks": [made["id"]], "action": "explode"})
    assert "complete" in answer.json()["errors"][0]["message"]


async def test_a_step_back_for_a_reason_of_nothing_but_spaces_is_refused(api):
    ann = await api.account()
    path = f"/api/v1/tasks/{(await api.task(ann.headers, status='completed'))['id']}"
    assert misfits(await api("POST", f"{path}/reopen", ann.headers, json={"reason": " \t"})) == [("/reason", "required")]
    assert misfits(await api("POST", f"{path}/notes", ann.headers, json={"note": "  "})) == [("/note", "required")]


async def test_an_administrator_deletes_anybodys_task_and_the_audit_trail_says_whose_it_was(api):
    ann, admin = await api.account(), await api.admin()
    made, own = await api.task(ann.headers), await api.task(ann.headers)
    path = f"/api/v1/admin/tasks/{made['id']}"
    assert problem(await api("DELETE", path, ann.headers)) == (403, "insufficient_role")
    assert (await api("DELETE", path, admin)).status_code == 204
    assert problem(await api("DELETE", path, admin)) == (404, "not_found")
    assert (await api("DELETE", f"/api/v1/tasks/{own['id']}", ann.headers)).status_code == 204
    me = (await api("GET", "/api/v1/auth/me", admin)).json()["id"]

    async def noted() -> bool:
        answer = await api("GET", f"/api/v1/admin/audit?subject={ann.id}&action=task.deleted", admin)
        assert answer.status_code == 200, answer.text
        return [one["actor"] for one in answer.json()["items"]] == [me]

    await eventually(noted)
