"""Every error is a problem document with a stable code, and what is wrong first is told first."""

import logging
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from psycopg import OperationalError

from api.shared.health import Health
from domain.shared.refused import Overloaded
from infra.http.application import application
from tests.http.daybook import Api, misfits, problem
from tests.infra.doubles.forge import forge

TASKS = "/api/v1/tasks"
NOWHERE = uuid4()


def broken(api: Api, error: Exception) -> httpx.AsyncClient:
    """A Daybook in which every command ends with this error."""

    async def dispatch(*_: Any) -> None:
        raise error

    return api.client(application(msgspec.structs.replace(api.parts, dispatch=dispatch), Health("serve")))


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, [("/title", "required")]),
        ({"title": 1}, [("/title", "wrong_type")]),
        ({"title": ""}, [("/title", "too_short")]),
        ({"title": " "}, [("/title", "required")]),
        ({"title": "x" * 256}, [("/title", "too_long")]),
        ({"title": "x", "priority": "soon"}, [("/priority", "not_allowed")]),
        ({"title": "x", "max_attempts": 0}, [("/max_attempts", "out_of_range")]),
        ({"title": "x", "max_attempts": 101}, [("/max_attempts", "out_of_range")]),
        ({"title": "x", "due_date": "tomorrow"}, [("/due_date", "wrong_format")]),
        ({"title": "x", "due_date": "2026-01-01T00:00:00"}, [("/due_date", "zone_required")]),
        ({"title": "x", "assigned_node_id": "7"}, [("/assigned_node_id", "wrong_format")]),
        ({"title": "x", "lock_expires_at": "2036-01-01T00:00:00Z"}, [("/lock_expires_at", "needs_node")]),
        ({"title": "x", "payload": "x" * 70_000}, [("/payload", "too_large")]),
        ({"title": "x", "version": 7}, [("/version", "unknown_field")]),
        ({"title": "x", "colour": "red"}, [("/colour", "unknown_field")]),
        ([], [("", "wrong_type")]),
        (None, [("", "wrong_type")]),
    ],
)
async def test_a_body_that_does_not_fit_is_named_by_pointer_and_word(api, body, wrong):
    answer = await api("POST", TASKS, await api.admin(), json=body)
    if body is None:
        answer = await api("POST", TASKS, await api.admin(), content=b"null", headers={"Content-Type": "application/json"})
    assert misfits(answer) == wrong
    assert answer.json()["code"] == "validation_failed"


async def test_no_body_where_one_is_needed_is_400_and_where_none_is_needed_it_may_be_left_out(api):
    assert misfits(await api("POST", TASKS, await api.admin())) == [("", "required")]
    user = await api.account()
    assert (await api("POST", "/api/v1/auth/logout", user.headers)).status_code == 204


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("limit=0", ("limit", "out_of_range")),
        ("limit=201", ("limit", "out_of_range")),
        ("limit=ten", ("limit", "wrong_type")),
        ("min_position=null", ("min_position", "wrong_type")),
        ("limit=1&limit=2", ("limit", "duplicate_parameter")),
        ("colour=red", ("colour", "unknown_parameter")),
        ("status=soon", ("status", "not_allowed")),
        ("allow_stale=maybe", ("allow_stale", "wrong_type")),
        ("external_id=a%00b", ("external_id", "unwritable_text")),
        ("cursor=AAAA", ("cursor", "invalid_cursor")),
    ],
)
async def test_a_query_that_does_not_fit_is_named_by_parameter_and_word(api, query, wrong):
    answer = await api("GET", f"{TASKS}?{query}", await api.admin())
    assert misfits(answer) == [wrong]


async def test_words_may_be_typed_in_any_case(api):
    user = await api.account()
    task = await api.task(user.headers, priority="HIGH")
    assert task["priority"] == "high"
    done = await api("POST", f"{TASKS}/{task['id']}/status", user.headers, json={"status": "Completed"})
    assert done.json()["status"] == "completed"
    assert [one["id"] for one in (await api("GET", f"{TASKS}?status=COMPLETED", user.headers)).json()["items"]] == [task["id"]]


@pytest.mark.parametrize("token", [None, "garbage", forge(), "a.b.c"], ids=["none", "garbage", "no session", "three parts"])
async def test_who_proves_nothing_gets_401_and_is_told_how_to(api, token):
    answer = await api("GET", TASKS, {"Authorization": f"Bearer {token}"} if token else {})
    assert problem(answer) == (401, "invalid_token" if token else "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_403_for_a_role_and_404_for_what_one_may_not_see(api):
    user, other = await api.account(), await api.account()
    task = await api.task(user.headers)
    assert problem(await api("GET", "/api/v1/users", user.headers)) == (403, "insufficient_role")
    for path in (f"{TASKS}/{task['id']}", f"{TASKS}/{task['id']}/history", f"{TASKS}/{NOWHERE}"):
        assert problem(await api("GET", path, other.headers)) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v1/tasks/7", "/api/v1/tasks/7/history", "/API/V1/tasks", "/api/docs/static/../x", "/%00", "/api/v1/%ff"]
)
async def test_404_for_an_address_that_is_none_without_a_word_about_accounts(api, path):
    assert problem(await api("GET", path)) == (404, "route_not_found")


async def test_a_fault_of_ours_is_500_without_a_trace_and_is_logged_with_it(api, caplog):
    admin = await api.admin()
    async with broken(api, RuntimeError("secret thing at line 7")) as http:
        with caplog.at_level(logging.ERROR):
            answer = await http.post(TASKS, json={"title": "x"}, headers=admin)
    assert problem(answer) == (500, "internal_error")
    assert "secret" not in answer.text
    assert [record.trace_id for record in caplog.records if record.message == "unhandled"] == [answer.json()["trace_id"]]


@pytest.mark.parametrize(("error", "code"), [(Overloaded(), "overloaded"), (OperationalError("secret"), "dependency_unavailable")])
async def test_503_says_when_to_try_again(api, error, code):
    admin = await api.admin()
    async with broken(api, error) as http:
        answer = await http.post(TASKS, json={"title": "x"}, headers=admin)
    assert problem(answer) == (503, code)
    assert answer.headers["retry-after"] == "1"
    assert "secret" not in answer.text


async def test_the_order_of_judgement_is_401_403_404_400_412_409(api):
    user, node, stranger = await api.account(), await api.account("node"), await api.account()
    task = await api.task(user.headers)
    path, bad = f"{TASKS}/{task['id']}", {"json": {"nonsense": 1}, "headers": {"If-Match": '"99"'}}
    assert problem(await api("PATCH", path, {}, **bad))[0] == 401
    assert problem(await api("PATCH", path, node.headers, **bad))[0] == 403
    assert problem(await api("PATCH", path, stranger.headers, **bad))[0] == 404
    assert problem(await api("PATCH", f"{TASKS}/{NOWHERE}", user.headers, **bad))[0] == 404
    assert problem(await api("PATCH", path, user.headers, **bad))[0] == 400
    assert problem(await api("PATCH", path, user.headers, json={"title": "y"}, headers={"If-Match": '"99"'})) == (412, "precondition_failed")
    admin = await api.admin()
    given = await api.task(admin, assigned_node_id=node.id)
    begun = await api("POST", f"{TASKS}/{given['id']}/status", node.headers, json={"status": "in_progress"})
    late = {"json": {"title": "z"}, "headers": {"If-Match": f'"{begun.json()["version"] - 1}"'}}
    assert problem(await api("PATCH", f"{TASKS}/{given['id']}", admin, **late)) == (412, "precondition_failed")
    assert problem(await api("PATCH", f"{TASKS}/{given['id']}", admin, json={"title": "z"})) == (409, "task_not_editable")


async def test_a_query_string_is_never_told_back(api):
    answer = await api("GET", f"{TASKS}?secret=hunter2", await api.admin())
    assert answer.json()["instance"] == TASKS
    assert "hunter2" not in answer.text


async def test_every_code_is_explained_where_its_type_points(api):
    page = await api("GET", "/api/docs/problems")
    assert page.status_code == 200
    for code in (
        "validation_failed",
        "malformed_json",
        "invalid_cursor",
        "insufficient_role",
        "task_expired",
        "stale_token",
        "idempotency_key_reused",
    ):
        assert f'<tr id="{code}">' in page.text


def test_each_kind_of_refusal_has_one_status():
    from api.shared.problem_codes import KINDS, status_of

    assert [status_of(kind) for kind, _ in KINDS] == [status for _, status in KINDS]
    assert status_of(Overloaded) == status_of(Overloaded()) == 503
