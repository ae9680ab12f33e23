"""Who may do what (requirements, Appendix 2): every operation of the document × every kind of caller × own and other objects."""

from typing import Any
from uuid import uuid4

import pytest

from tests.http.daybook import Account, Api, problem

EVERYBODY, SIGNED_IN, PEOPLE = {"anonymous", "user", "node", "admin"}, {"user", "node", "admin"}, {"user", "admin"}
TABLE: list[tuple[set[str], str]] = [
    (EVERYBODY, "log_in refresh_session register log_out published_keys live live_under_health ready ready_under_health health metrics"),
    (SIGNED_IN, "who_am_i my_account list_tasks get_task task_history task_stats batch_tasks change_task_status heartbeat note_progress"),
    (PEOPLE, "create_task edit_task put_task delete_task retry_task reopen_task"),
    ({"admin"}, "list_users create_user show_user list_all_tasks assign_task restore_task collect_expired list_nodes get_node"),
    ({"admin", "node"}, "drain_node resume_node set_node_capacity"),
    ({"node"}, "claim_tasks see_node"),
]
MAY = {name: roles for roles, names in TABLE for name in names.split()}
UNSEEN = {"task_history"}
"""What the assigned node does not see, though it sees the task."""
METHODS = {"get", "put", "post", "patch", "delete"}


def operations(api: Api) -> dict[str, tuple[str, str, dict[str, Any]]]:
    paths = api.app.openapi_schema.to_schema()["paths"]
    return {one["operationId"]: (method.upper(), path, one) for path, item in paths.items() for method, one in item.items() if method in METHODS}


def body(operation: dict[str, Any]) -> dict[str, Any]:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    example = {} if media is None else media["examples"]["usual"]["value"]
    # Nobody waits for work in a test of permissions.
    return {} if media is None else {"json": {**example, "wait": 0} if "wait" in example else example}


async def ask(api: Api, name: str, who: dict[str, str], **ids: str) -> Any:
    method, path, operation = operations(api)[name]
    known = {"task_id": str(uuid4()), "node_id": str(uuid4()), "user_id": str(uuid4())} | ids
    return await api(method, path.format(**known), who, **body(operation))


@pytest.fixture(scope="module")
async def callers(api: Api) -> dict[str, Account]:
    return {role: await api.account(role) for role in ("user", "node", "admin")} | {"anonymous": Account("", {})}


async def test_the_table_names_exactly_the_operations_there_are_and_the_document_agrees(api):
    found = operations(api)
    assert set(found) == set(MAY)
    for name, (_, _, operation) in found.items():
        told = operation["description"].rpartition("\n\n")[2]
        roles = EVERYBODY if told == "Open to everybody." or "health" in operation["tags"] else set(told[5:-1].split(", "))
        assert roles & EVERYBODY == MAY[name], name


@pytest.mark.parametrize("name", MAY)
async def test_each_kind_of_caller_may_do_what_the_table_says_and_nothing_else(api, callers, name):
    for role, caller in callers.items():
        if name == "log_out" and role != "anonymous":
            continue  # would end the session that the others of this file use; its own test is in tests/identity
        answer = await ask(api, name, caller.headers)
        refusal = problem(answer) if answer.status_code in {401, 403} else None
        if role in MAY[name]:
            about_what_was_sent = refusal is not None and name in OPEN and refusal[0] == 401
            assert refusal is None or about_what_was_sent, (role, answer.text)
        else:
            assert refusal == ((401, "unauthenticated") if role == "anonymous" else (403, "insufficient_role")), (role, answer.text)


OPEN = {"log_in", "refresh_session", "log_out"}
"""Routes for who is not signed in yet; the refusal there is about what was sent."""
OF_TASKS = [
    "get_task", "task_history", "edit_task", "put_task", "change_task_status", "heartbeat", "note_progress", "retry_task", "reopen_task",
    "assign_task", "restore_task", "delete_task",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_TASKS)
async def test_a_task_of_others_does_not_exist_for_whom_it_does_not_concern(api, callers, name):
    node = await api.account("node")
    task = await api.task(callers["user"].headers)
    given = await api.task(await api.admin(), assigned_node_id=node.id)
    strangers = {role: await api.account(role) for role in MAY[name] - {"admin"}}
    for mine in (task, given):
        for role, stranger in strangers.items():
            assert problem(await ask(api, name, stranger.headers, task_id=mine["id"])) == (404, "not_found"), role
    owner = await ask(api, name, callers["user"].headers, task_id=task["id"])
    assert owner.status_code not in {401, 404} if "user" in MAY[name] else problem(owner) == (403, "insufficient_role")
    if "node" in MAY[name]:
        assigned = await ask(api, name, node.headers, task_id=given["id"])
        assert (assigned.status_code == 404) is (name in UNSEEN), assigned.text
    assert (await ask(api, name, await api.admin(), task_id=task["id"])).status_code != 401


async def test_an_administrator_reads_and_edits_every_task_but_does_not_work_on_a_nodes(api, callers):
    node, admin = await api.account("node"), await api.admin()
    given = await api.task(admin, assigned_node_id=node.id)
    own = await api.task(callers["user"].headers)
    for task in (given, own):
        for name in ("get_task", "task_history", "edit_task"):
            assert (await ask(api, name, admin, task_id=task["id"])).status_code == 200, name
    assert problem(await ask(api, "change_task_status", admin, task_id=given["id"])) == (403, "not_assigned_node")
    assert (await ask(api, "change_task_status", node.headers, task_id=given["id"])).status_code == 200


async def test_the_assigned_node_reads_a_task_but_cannot_be_its_master(api):
    node = await api.account("node")
    given = await api.task(await api.admin(), assigned_node_id=node.id)
    assert (await ask(api, "get_task", node.headers, task_id=given["id"])).status_code == 200
    for name in ("edit_task", "put_task", "delete_task", "retry_task", "reopen_task", "assign_task", "restore_task"):
        assert problem(await ask(api, name, node.headers, task_id=given["id"])) == (403, "insufficient_role"), name


@pytest.mark.parametrize("name", ["drain_node", "resume_node", "set_node_capacity"])
async def test_a_node_speaks_for_itself_only(api, name):
    node, other = await api.account("node"), await api.account("node")
    assert (await ask(api, name, node.headers, node_id=node.id)).status_code == 200
    assert problem(await ask(api, name, node.headers, node_id=other.id)) == (404, "not_found")
    assert (await ask(api, name, await api.admin(), node_id=other.id)).status_code == 200
    assert problem(await ask(api, name, await api.admin())) == (404, "not_found")


async def test_numbers_of_others_are_nobodys_business(api, callers):
    user, node = callers["user"], callers["node"]
    for query in (f"user_id={node.id}", f"node_id={node.id}"):
        assert problem(await api("GET", f"/api/v1/tasks/stats?{query}", user.headers)) == (404, "not_found")
    assert (await api("GET", f"/api/v1/tasks/stats?user_id={user.id}", user.headers)).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/tasks/batch", "/api/v1/auth/register", "/api/v1/users", "/api/v1/auth/login"])
@pytest.mark.parametrize("field", ["id", "version", "status", "deleted", "token", "is_admin", "position"])
async def test_no_field_can_be_slipped_in(api, path, field):
    _, _, operation = next(one for one in operations(api).values() if one[:2] == ("POST", path))
    answer = await api("POST", path, await api.admin(), json={**body(operation)["json"], field: 1})
    assert problem(answer) == (400, "validation_failed")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(f"/{field}", "unknown_field")]
