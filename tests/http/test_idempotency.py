"""The same request under the same key is carried out once and answered the same; and versions guard against lost changes."""

import asyncio
from uuid import uuid4

import pytest

from tests.http.daybook import PASSWORD, misfits, problem

TASKS = "/api/v1/tasks"


def key(text: str = "") -> dict[str, str]:
    return {"Idempotency-Key": text or uuid4().hex}


def same(one, other) -> bool:
    return (one.status_code, one.content) == (other.status_code, other.content)


async def test_the_same_key_and_body_is_answered_from_what_was_stored(api):
    user, headers = await api.account(), key()
    first, again = [await api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers) for _ in range(2)]
    assert first.status_code == 201
    assert same(first, again)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    for name in ("location", "etag", "daybook-position"):
        assert first.headers[name] == again.headers[name]
    assert len((await api("GET", TASKS, user.headers)).json()["items"]) == 1


async def test_the_answer_stays_as_it_was_though_the_task_changed(api):
    user, headers = await api.account(), key()
    first = await api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers)
    await api("PATCH", first.headers["location"], user.headers, json={"title": "y"})
    assert same(first, await api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers))


async def test_another_body_under_the_same_key_is_422_and_changes_nothing(api):
    user, headers = await api.account(), key()
    await api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers)
    assert problem(await api("POST", TASKS, user.headers, json={"title": "y"}, headers=headers)) == (422, "idempotency_key_reused")
    assert [one["title"] for one in (await api("GET", TASKS, user.headers)).json()["items"]] == ["x"]


async def test_twenty_at_once_are_one(api):
    user, headers = await api.account(), key()
    answers = await asyncio.gather(*(api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers) for _ in range(20)))
    assert len({answer.content for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {201}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len((await api("GET", TASKS, user.headers)).json()["items"]) == 1


async def test_a_key_may_stand_in_quotes_and_has_up_to_255_characters(api):
    user, text = await api.account(), "k" * 255
    first = await api("POST", TASKS, user.headers, json={"title": "x"}, headers=key(text))
    assert same(first, await api("POST", TASKS, user.headers, json={"title": "x"}, headers=key(f'"{text}"')))
    for bad in (text + "k", f'"{text}k"', '""', " "):
        assert misfits(await api("POST", TASKS, user.headers, json={"title": "x"}, headers=key(bad))) == [("Idempotency-Key", "invalid_key")]


async def test_a_key_belongs_to_one_caller_one_method_and_one_route(api):
    user, other, headers = await api.account(), await api.account(), key()
    made = await api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers)
    path = made.headers["location"]
    assert (await api("POST", TASKS, other.headers, json={"title": "y"}, headers=headers)).status_code == 201
    assert (await api("PATCH", path, user.headers, json={"title": "x"}, headers=headers)).status_code == 200
    assert (await api("PUT", path, user.headers, json={"title": "z"}, headers=headers)).status_code == 200
    assert (await api("POST", f"{path}/notes", user.headers, json={"note": "n"}, headers=headers)).status_code == 200
    second = await api.task(user.headers)
    same_route = await api("POST", f"{TASKS}/{second['id']}/notes", user.headers, json={"note": "n"}, headers=headers)
    assert problem(same_route) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(("refused", "status"), [("stale", 412), ("unknown", 404), ("taken", 409)])
async def test_refusals_that_are_final_are_told_again(api, refused, status):
    user, headers = await api.account(), key()
    task = await api.task(user.headers, external_id="ticket-1")
    path = f"{TASKS}/{task['id']}"
    if refused == "stale":
        asked = ("PATCH", path, {"json": {"title": "y"}, "headers": headers | {"If-Match": '"7"'}})
    elif refused == "unknown":
        asked = ("PATCH", f"{TASKS}/{uuid4()}", {"json": {"title": "y"}, "headers": headers})
    else:
        asked = ("POST", TASKS, {"json": {"title": "x", "external_id": "ticket-1"}, "headers": headers})
    first = await api(asked[0], asked[1], user.headers, **asked[2])
    await api("DELETE", path, user.headers)  # now another one may have its external id
    again = await api(asked[0], asked[1], user.headers, **asked[2])
    assert problem(first)[0] == status
    assert same(first, again)
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_validation_error_leaves_the_key_free(api):
    user, headers = await api.account(), key()
    for bad in ({"title": ""}, {"title": " "}):
        assert problem(await api("POST", TASKS, user.headers, json=bad, headers=headers))[0] == 400
    assert (await api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers)).status_code == 201


async def test_a_refusal_of_permission_leaves_the_key_free(api):
    node, headers = await api.account("node"), key()
    task = await api.task(await api.admin(), assigned_node_id=node.id)
    path = f"{TASKS}/{task['id']}/status"
    admin = await api.admin()
    assert problem(await api("POST", path, admin, json={"status": "in_progress"}, headers=headers)) == (403, "not_assigned_node")
    assert problem(await api("POST", path, admin, json={"status": "failed"}, headers=headers)) == (403, "not_assigned_node")


async def test_answers_with_a_secret_are_kept_nowhere(api):
    body, headers = {"email": f"{uuid4().hex}@example.org", "name": "Ada", "password": PASSWORD}, key()
    made = await api("POST", "/api/v1/auth/register", json=body, headers=headers)
    for path, sent in (("login", {"email": body["email"], "password": PASSWORD}), ("refresh", {"refresh_token": made.json()["refresh_token"]})):
        assert (await api("POST", f"/api/v1/auth/{path}", json=sent, headers=headers)).status_code == 200
        assert problem(await api("POST", f"/api/v1/auth/{path}", json={**sent, path: "x"}, headers=headers))[0] == 400
    assert problem(await api("POST", "/api/v1/auth/register", json=body | {"name": "Eve"}, headers=headers)) == (422, "idempotency_key_reused")
    async with api.system.log.readers.connection() as connection:
        rows = await (await connection.execute("select * from http_keys")).fetchall()
    kept = b"".join(bytes(cell) for row in rows for cell in row if isinstance(cell, bytes | memoryview))
    assert rows
    for secret in (made.json()["access_token"], made.json()["refresh_token"], PASSWORD, headers["Idempotency-Key"]):
        assert secret.encode() not in kept


async def test_a_deletion_under_a_key_can_be_said_twice(api):
    user, headers = await api.account(), key()
    path = f"{TASKS}/{(await api.task(user.headers))['id']}"
    answers = [await api("DELETE", path, user.headers, headers=headers) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert problem(await api("DELETE", path, user.headers)) == (404, "not_found")


async def test_the_etag_is_the_version_and_what_one_has_is_not_sent_again(api):
    user = await api.account()
    task = await api.task(user.headers)
    path = f"{TASKS}/{task['id']}"
    first = await api("GET", path, user.headers)
    assert (first.headers["etag"], first.json()["version"]) == ('"1"', 1)
    for tag in ('"1"', 'W/"1"', '"7", "1"', "*"):
        answer = await api("GET", path, user.headers, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    changed = await api("PATCH", path, user.headers, json={"title": "y"}, headers={"If-Match": '"1"'})
    assert (changed.headers["etag"], changed.json()["version"]) == ('"2"', 2)
    assert (await api("GET", path, user.headers, headers={"If-None-Match": '"1"'})).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("tag", ['"1"', '"99"', 'W/"2"', "garbage", '"' + "9" * 30 + '"'])
async def test_a_change_of_another_version_is_412(api, method, tag):
    user = await api.account()
    path = f"{TASKS}/{(await api.task(user.headers))['id']}"
    await api("PATCH", path, user.headers, json={"title": "y"})
    more = {} if method == "DELETE" else {"json": {"title": "z"}}
    assert problem(await api(method, path, user.headers, headers={"If-Match": tag}, **more)) == (412, "precondition_failed")
    for fits in ('"2"', "*") if method != "DELETE" else ('"2"',):
        shown = await api("GET", path, user.headers)
        tag = shown.headers["etag"] if fits != "*" else fits
        assert (await api(method, path, user.headers, headers={"If-Match": tag}, **more)).status_code in {200, 204}


async def test_where_a_version_is_required_it_is_428_without_one_and_never_on_verbs(api):
    user = await api.account()
    path = f"{TASKS}/{(await api.task(user.headers))['id']}"
    async with api.with_rules(require_if_match=True) as http:
        for method, more in (("PATCH", {"json": {"title": "y"}}), ("PUT", {"json": {"title": "y"}}), ("DELETE", {})):
            assert problem(await http.request(method, path, headers=user.headers, **more)) == (428, "precondition_required")
        assert (await http.patch(path, json={"title": "y"}, headers=user.headers | {"If-Match": '"1"'})).status_code == 200
        assert (await http.post(f"{path}/status", json={"status": "in_progress"}, headers=user.headers)).status_code == 200
