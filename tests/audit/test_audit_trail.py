"""Every sign-in, failed sign-in, refusal, token reuse and admin action can be listed by an auditor (security.md 16)."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from domain.shared.event import BY_CLASS
from domain.tasks.events import TaskDeleted
from infra.app import import_contexts
from projections.audit.audit_trail import AUDIT_TRAIL
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Account, Api, problem

import_contexts()


@pytest.fixture(scope="module")
async def auditor(api: Api) -> Account:
    return await api.account("auditor")


async def listed(api: Api, auditor: Account, **sought: str) -> list[dict]:
    answer = await api("GET", "/api/v1/admin/audit", auditor.headers, params=sought)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def found(api: Api, auditor: Account, number: int = 1, **sought: str) -> list[dict]:
    """What the trail says, once it has as much as this."""

    async def there() -> bool:
        return len(await listed(api, auditor, **sought)) >= number

    await eventually(there)
    return await listed(api, auditor, **sought)


def test_every_event_of_identity_and_audit_is_in_the_trail():
    concerned = {shape for shape in BY_CLASS if shape.__module__.startswith(("domain.identity.", "domain.audit."))}
    assert concerned | {TaskDeleted} == set(AUDIT_TRAIL.listens)


async def test_a_sign_in_is_listed_as_done_by_the_person(api, auditor):
    ann = await api.account()
    (entry,) = await found(api, auditor, actor=ann.id, action="user.session_opened")
    assert (entry["subject"], entry["outcome"]) == (ann.id, "success")
    assert entry["details"]["client"] == "sealed"


async def test_a_failed_sign_in_is_listed_with_whom_it_concerned_and_without_the_name(api, auditor):
    email = f"victim-{uuid4().hex[:8]}@example.org"
    body = {"email": email, "name": "A victim", "password": PASSWORD}
    victim = (await api("POST", "/api/v1/auth/register", json=body)).json()["user"]["id"]
    wrong = await api("POST", "/api/v1/auth/login", json={"email": email, "password": "not the password"})
    assert problem(wrong) == (401, "invalid_credentials")
    (entry,) = await found(api, auditor, subject=victim, action="audit.sign_in_failed")
    assert (entry["actor"], entry["outcome"], entry["details"]["code"]) == (None, "failure", "invalid_credentials")
    assert entry["details"]["operation"] == "log_in"
    assert victim not in wrong.text
    for unknown in ("nobody@example.org", "nobody@example.org", "somebody.else@example.org"):
        await api("POST", "/api/v1/auth/login", json={"email": unknown, "password": "not the password"})
    entries = await found(api, auditor, 4, action="audit.sign_in_failed")
    names = [entry["details"]["account"] for entry in entries if entry["subject"] is None]
    assert len(names) == 3
    assert len(set(names)) == 2
    assert "nobody" not in str(entries)


async def test_a_refusal_is_listed_with_what_was_missing_and_what_it_was_about(api, auditor):
    ann, bob = await api.account(), await api.account()
    assert problem(await api("GET", f"/api/v1/users/{bob.id}", ann.headers)) == (403, "insufficient_role")
    (entry,) = await found(api, auditor, actor=ann.id, outcome="failure")
    assert (entry["action"], entry["subject"]) == ("audit.permission_refused", bob.id)
    told = entry["details"]
    assert (told["operation"], told["permission"], told["role"]) == ("show_user", "users:read", "user")


async def test_a_task_of_somebody_else_is_not_found_for_the_caller_and_a_refusal_for_the_auditor(api, auditor):
    ann, bob = await api.account(), await api.account()
    task = await api.task(ann.headers)
    assert problem(await api("GET", f"/api/v1/tasks/{task['id']}", bob.headers)) == (404, "not_found")
    assert problem(await api("GET", f"/api/v1/tasks/{uuid4()}", bob.headers)) == (404, "not_found")
    (entry,) = await found(api, auditor, actor=bob.id, action="audit.permission_refused")
    assert (entry["subject"], entry["details"]["code"]) == (task["id"], "not_found")


async def test_items_of_a_batch_count_and_beyond_ten_in_a_minute_they_are_summed_up(api, auditor):
    ann, bob = await api.account(), await api.account()
    tasks = [(await api.task(ann.headers))["id"] for _ in range(13)]
    answer = await api("POST", "/api/v1/tasks/batch", bob.headers, json={"tasks": tasks, "action": "delete"})
    assert [one["error"]["code"] for one in answer.json()["results"]] == ["not_found"] * 13
    entries = await found(api, auditor, 10, actor=bob.id, action="audit.permission_refused")
    assert len(entries) == 10
    assert {entry["subject"] for entry in entries} < set(tasks)
    await api.parts.incidents.sum_up(everything=True)
    (told,) = await found(api, auditor, actor=bob.id, action="audit.summed_up")
    assert (told["details"]["kind"], told["details"]["count"]) == ("permission_refused", 3)


async def test_a_reused_refresh_token_is_listed_as_a_failure(api, auditor):
    body = {"email": f"copied-{uuid4().hex[:8]}@example.org", "name": "Copied", "password": PASSWORD}
    made = (await api("POST", "/api/v1/auth/register", json=body)).json()
    token = made["refresh_token"]
    for _ in range(2):
        token = (await api("POST", "/api/v1/auth/refresh", json={"refresh_token": token})).json()["refresh_token"]
    assert problem(await api("POST", "/api/v1/auth/refresh", json={"refresh_token": made["refresh_token"]})) == (401, "refresh_reused")
    (entry,) = await found(api, auditor, subject=made["user"]["id"], action="user.refresh_reuse_detected")
    assert entry["outcome"] == "failure"


async def test_what_an_administrator_did_to_an_account_is_listed_by_them(api, auditor):
    ann = await api.account("manager")
    entries = await found(api, auditor, 2, subject=ann.id)
    done = [(entry["action"], entry["actor"] == ann.id, entry["actor"] is None) for entry in entries]
    assert ("user.registered", False, False) in done
    assert ("user.role_granted", False, False) in done
    opened = next(entry for entry in entries if entry["action"] == "user.registered")
    assert (opened["details"]["email"], opened["details"]["name"]) == ("sealed", "sealed")


async def test_what_is_done_with_a_key_is_listed_under_its_owner(api, auditor):
    ann = await api.account()
    made = await api("POST", "/api/v1/api-keys", ann.headers, json={"name": "nightly", "scopes": ["tasks:read"]})
    key = {"X-API-Key": made.json()["key"]}
    assert (await api("GET", "/api/v1/tasks", key)).status_code == 200
    assert problem(await api("GET", "/api/v1/nodes", key))[0] == 403
    (used,) = await found(api, auditor, actor=ann.id, action="api_key.used")
    assert (used["subject"], used["details"]["key_id"]) == (ann.id, made.json()["id"])
    (refused,) = await found(api, auditor, actor=ann.id, action="audit.permission_refused")
    assert refused["details"]["key_id"] == made.json()["id"]


async def test_the_trail_is_paged_newest_first_and_bounded_by_time(api, auditor):
    ann = await api.account()
    for _ in range(5):
        await api("GET", "/api/v1/users", ann.headers)
    whole = await found(api, auditor, 6, actor=ann.id)
    positions = [entry["position"] for entry in whole]
    assert positions == sorted(positions, reverse=True)
    first = await api("GET", f"/api/v1/admin/audit?actor={ann.id}&limit=4", auditor.headers)
    rest = await api("GET", f"/api/v1/admin/audit?actor={ann.id}&limit=4&cursor={first.json()['next_cursor']}", auditor.headers)
    assert first.json()["items"] + rest.json()["items"] == whole
    assert rest.json()["next_cursor"] is None
    newest = datetime.fromisoformat(whole[0]["at"])
    assert await listed(api, auditor, actor=ann.id, to=whole[0]["at"]) == [one for one in whole if datetime.fromisoformat(one["at"]) < newest]
    assert await listed(api, auditor, actor=ann.id, **{"from": (newest + timedelta(microseconds=1)).isoformat()}) == []


@pytest.mark.parametrize("path", ["/api/v1/admin/audit", "/api/v1/admin/events"])
async def test_only_auditors_and_administrators_read_it(api, auditor, path):
    assert (await api("GET", path, auditor.headers)).status_code == 200
    assert (await api("GET", path, await api.admin())).status_code == 200
    for role in ("user", "manager", "node", "guest", "service"):
        assert problem(await api("GET", path, (await api.account(role)).headers)) == (403, "insufficient_role")
    assert problem(await api("GET", path)) == (401, "unauthenticated")
