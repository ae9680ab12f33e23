"""What was seen to be wrong in the running seeds, asked of Daybook over HTTP (requirements, Appendix 5; the names are their numbers)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.eventually import eventually
from tests.http.daybook import ADMIN, PASSWORD, Api, daybook, misfits, problem
from tests.orders.shop import a_product, an_order, ask_for, seen
from tests.servers import Database, Servers


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    async with daybook(module_database, servers.empty_redis(), refresh_grace_seconds=0) as running:
        yield running


async def test_a1_tasks_are_listed_without_any_parameter(api):
    who = (await api.account()).headers
    made = await api.task(who)
    listed = await api("GET", "/api/v1/tasks", who)
    assert (listed.status_code, [item["id"] for item in listed.json()["items"]]) == (200, [made["id"]])


async def test_a2_a_batch_does_what_it_says_item_by_item(api):
    who, other = (await api.account()).headers, (await api.account()).headers
    mine, foreign = [(await api.task(who))["id"] for _ in range(2)], (await api.task(other))["id"]
    told = await api("POST", "/api/v1/tasks/batch", who, json={"tasks": [*mine, foreign, mine[0]], "action": "complete"})
    assert told.status_code == 200, told.text
    results = told.json()["results"]
    assert [(one["task_id"], one["success"]) for one in results] == [(mine[0], True), (mine[1], True), (foreign, False)]
    assert results[0]["result"] == {"version": 2, "status": "completed"}
    assert results[2]["error"]["code"] == "not_found"
    assert misfits(await api("POST", "/api/v1/tasks/batch", who, json={"tasks": [], "action": "complete"})) == [("/tasks", "too_short")]
    assert (await api("POST", "/api/v1/tasks/batch", who, json={"tasks": mine, "action": "dance"})).status_code == 400


async def test_a3_a_refresh_token_counts_once_and_its_second_use_ends_the_whole_family(api):
    email = f"{uuid4().hex}@example.org"
    body = {"email": email, "password": PASSWORD, "name": "Ada Lovelace"}
    first = (await api("POST", "/api/v1/auth/register", json=body)).json()["refresh_token"]
    second = await api("POST", "/api/v1/auth/refresh", json={"refresh_token": first})
    assert second.status_code == 200, second.text
    for token in (first, first, second.json()["refresh_token"]):
        assert (await api("POST", "/api/v1/auth/refresh", json={"refresh_token": token})).status_code == 401


@pytest.mark.parametrize("to", ["pending", "PENDING", "todo", "in_progress"])
async def test_a4_what_is_completed_does_not_go_back_by_a_status(api, to):
    who = (await api.account()).headers
    path = f"/api/v1/tasks/{(await api.task(who, status='COMPLETED'))['id']}"
    for method, place in (("PUT", path), ("PATCH", path), ("POST", f"{path}/status")):
        answer = await api(method, place, who, json={"status": to})
        assert problem(answer) == (409, "invalid_transition")
        assert (answer.json()["from"], answer.json()["allowed"]) == ("completed", [])
    assert (await api("GET", path, who)).json()["status"] == "completed"


async def test_a5_a_migrated_database_has_all_that_a_refresh_token_needs(api, module_database):
    with psycopg.connect(module_database.super_url) as connection:
        found = connection.execute("select count(*) from information_schema.tables where table_schema = 'daybook'").fetchone()
    assert found[0] > 8
    signed_in = await api("POST", "/api/v1/auth/login", json={"email": ADMIN, "password": PASSWORD}) if await api.admin() else None
    assert (await api("POST", "/api/v1/auth/refresh", json={"refresh_token": signed_in.json()["refresh_token"]})).status_code == 200


async def test_a6_and_a7_orders_of_others_and_orders_there_are_not_are_the_same_404(api):
    who, other = (await api.account()).headers, (await api.account()).headers
    placed = await an_order(api, who)
    assert problem(await api("GET", f"/api/v1/orders/{placed['id']}", other)) == (404, "not_found")
    assert problem(await api("GET", f"/api/v1/orders/{uuid4()}", other)) == (404, "not_found")
    assert (await api("GET", f"/api/v1/orders/{placed['id']}", who)).status_code == 200


async def test_a8_a_quantity_can_be_set_to_nothing(api):
    admin, product = await api.admin(), await a_product(api, quantity=5)
    changed = await api("PUT", f"/api/v1/products/{product}", admin, json={"quantity": 0})
    assert (changed.status_code, changed.json()["quantity"]) == (200, 0)
    assert (await api("GET", f"/api/v1/products/{product}")).json()["quantity"] == 0


async def test_a9_of_twenty_who_buy_five_pieces_at_once_five_get_one_and_nobody_pays_for_nothing(api):
    product, buyers = await a_product(api, quantity=5), [await api.account() for _ in range(20)]
    asked = await asyncio.gather(*(ask_for(api, buyer.headers, (product, 1)) for buyer in buyers))
    assert {answer.status_code for answer in asked} <= {201, 409}
    orders = [(buyer, answer.json()["id"]) for buyer, answer in zip(buyers, asked, strict=True) if answer.status_code == 201]

    async def quiet() -> list[dict[str, Any]] | None:
        shown = [await seen(api, buyer.headers, order_id) for buyer, order_id in orders]
        over = all(one["status"] in {"completed", "rejected"} and one["payment_status"] not in {"pending", "authorised"} for one in shown)
        return shown if over else None

    ended = await eventually(quiet, 30)
    assert ended is not None
    sold = [one for one in ended if one["status"] == "completed"]
    assert (len(sold), {one["payment_status"] for one in sold}) == (5, {"captured"})
    assert not [one for one in ended if one["status"] == "rejected" and one["payment_status"] not in {"failed", "voided", "refunded"}]
    taken = sum(payment["captured_amount"]["amount"] - payment["refunded_amount"]["amount"] for one in ended for payment in one["payments"])
    assert taken == 5 * 500
    assert (await api("GET", f"/api/v1/products/{product}")).json()["quantity"] == 0


async def test_a10_nobody_makes_themselves_an_administrator(api):
    body = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD, "name": "Mallory", "role": "admin"}
    assert problem(await api("POST", "/api/v1/auth/register", json=body)) == (403, "role_not_assignable")
    assert (await api("POST", "/api/v1/auth/login", json={"email": body["email"], "password": PASSWORD})).status_code == 401


async def test_a11_who_has_no_account_and_who_types_a_wrong_password_are_told_the_same(api):
    email = f"{uuid4().hex}@example.org"
    unknown = await api("POST", "/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert (await api("POST", "/api/v1/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"})).status_code == 201
    wrong = await api("POST", "/api/v1/auth/login", json={"email": email, "password": f"{PASSWORD}!"})
    assert problem(unknown) == problem(wrong) == (401, problem(wrong)[1])
    told = [{name: value for name, value in answer.json().items() if name != "trace_id"} for answer in (unknown, wrong)]
    assert told[0] == told[1]


async def test_a12_leases_that_ran_out_are_collected_with_their_history_by_administrators_only(api):
    node, admin = await api.account("node"), await api.admin()
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    made = await api.task(admin, assigned_node_id=node.id, lock_expires_at=soon.isoformat())
    collect = "/api/v1/admin/tasks/collect-expired"
    assert problem(await api("POST", collect)) == (401, "unauthenticated")
    assert problem(await api("POST", collect, (await api.account()).headers)) == (403, "insufficient_role")

    async def collected() -> bool:
        answer = await api("POST", collect, admin)
        assert answer.status_code == 200, answer.text
        return made["id"] in answer.json()["task_ids"]

    await eventually(collected)
    path = f"/api/v1/tasks/{made['id']}"
    assert (await api("GET", path, admin)).json()["status"] == "failed"
    newest = (await api("GET", f"{path}/history", admin)).json()["items"][0]
    assert (newest["to_value"], newest["reason"], newest["performed_by"]) == ("failed", "lock_expired", "system:expiry-sweeper")
    assert newest["actor"] == {"type": "system", "id": None, "name": "expiry-sweeper"}
    assert made["id"] not in (await api("POST", collect, admin)).json()["task_ids"]


async def test_a13_a_bad_token_a_bad_cursor_and_an_empty_list_are_no_errors_of_the_server(api):
    who = (await api.account()).headers
    assert problem(await api("GET", "/api/v1/tasks", {"Authorization": "Bearer garbage"})) == (401, "invalid_token")
    assert problem(await api("GET", "/api/v1/tasks?cursor=garbage", who)) == (400, "invalid_cursor")
    empty = await api("GET", "/api/v1/tasks", who)
    assert (empty.status_code, empty.json()["items"], empty.json()["next_cursor"]) == (200, [], None)


async def test_a14_a_completed_task_is_not_assigned_again(api):
    node, other, admin = await api.account("node"), await api.account("node"), await api.admin()
    path = f"/api/v1/tasks/{(await api.task(admin, assigned_node_id=node.id))['id']}"
    for status in ("in_progress", "completed"):
        assert (await api("POST", f"{path}/status", node.headers, json={"status": status})).status_code == 200
    for body in ({"node_id": other.id}, {"node_id": node.id, "force": True}):
        assert problem(await api("POST", f"{path}/assign", admin, json=body)) == (409, "invalid_transition")
    assert (await api("GET", path, admin)).json()["status"] == "completed"


async def test_a15_nobody_takes_the_e_mail_of_an_administrator(api):
    node, admin = await api.account("node"), await api.admin()
    body = {"email": ADMIN.upper(), "name": "Node 7", "password": PASSWORD, "role": "node"}
    assert problem(await api("POST", "/api/v1/users", admin, json=body)) == (409, "email_taken")
    changed = await api("POST", "/api/v1/users/me/email", node.headers, json={"email": ADMIN})
    assert problem(changed) == (409, "email_taken")
    assert (await api("POST", "/api/v1/auth/login", json={"email": ADMIN, "password": PASSWORD})).status_code == 200


@pytest.mark.parametrize("payload", ["d", "", '"d"', {"a": '"d"'}, ["1", 1]])
async def test_a16_a_payload_comes_back_as_it_was_sent(api, payload):
    who = (await api.account()).headers
    made = await api.task(who, payload=payload)
    assert made["payload"] == payload
    read = await api("GET", f"/api/v1/tasks/{made['id']}", who)
    assert (read.json()["payload"], type(read.json()["payload"])) == (payload, type(payload))


async def test_a18_a_wrong_token_is_401_and_an_e_mail_is_the_same_in_any_case(api):
    assert problem(await api("GET", "/api/v1/auth/me", {"Authorization": "Bearer a.b.c"})) == (401, "invalid_token")
    email = f"{uuid4().hex}@example.org"
    body = {"email": email.title(), "password": PASSWORD, "name": "Ada Lovelace"}
    assert (await api("POST", "/api/v1/auth/register", json=body)).status_code == 201
    for typed in (email, email.upper(), f" {email.title()} "):
        assert (await api("POST", "/api/v1/auth/login", json={"email": typed, "password": PASSWORD})).status_code == 200, typed
