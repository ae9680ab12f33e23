"""Objects of every kind that an address may name, each somebody's: what is made, by the names of the address's parts."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from application.jobs.job import RequestJob
from application.orders.order import PlaceOrder
from application.shared.context import Caller, Context
from infra.app import new_id
from tests.eventually import eventually
from tests.http.circles import a_project, a_project_invitation, a_team, a_team_invitation, an_invitation
from tests.http.daybook import Account, Api
from tests.http.strangers import said
from tests.payments.making import a_captured_payment

Made = Callable[[Api, Account], Awaitable[dict[str, str]]]


async def a_notification(api: Api, whose: Account) -> dict[str, str]:
    """They are told that they have one more role; who is a program is told nothing."""
    where, who = "/api/v1/notifications?limit=1", await api.admin()
    role = "guest" if "guest" not in (await api("GET", f"/api/v1/users/{whose.id}", who)).json()["roles"] else "auditor"
    assert (await api("POST", f"/api/v1/users/{whose.id}/roles", who, json={"role": role})).status_code < 300
    found: list[dict[str, Any]] = []

    async def told() -> bool:
        found[:] = (await api("GET", where, whose.headers)).json()["items"]
        return bool(found)

    await eventually(told)
    assert (await api("DELETE", f"/api/v1/users/{whose.id}/roles/{role}", who)).status_code < 300
    return {"notification_id": found[0]["id"]}


async def a_task(api: Api, whose: Account) -> dict[str, str]:
    me = (await api("GET", "/api/v1/auth/me", whose.headers)).json()
    given = {"assigned_node_id": whose.id} if me["role"] == "node" else {"owner_id": whose.id}
    return {"task_id": (await api.task(await api.admin(), **given))["id"]}


async def a_comment(api: Api, whose: Account) -> dict[str, str]:
    """By an administrator: not every role that reads comments may write them."""
    task = await a_task(api, whose)
    made = await api("POST", f"/api/v1/tasks/{task['task_id']}/comments", await api.admin(), json={"text": "It hums."})
    assert made.status_code == 201, made.text
    return task | {"comment_id": made.json()["id"]}


async def a_file(api: Api, whose: Account) -> dict[str, str]:
    """Uploaded by an administrator, as the comment is written by one."""
    task = await a_task(api, whose)
    made = await api("POST", f"/api/v1/tasks/{task['task_id']}/files", await api.admin(), files={"file": ("fan.txt", b"It hums.", "text/plain")})
    assert made.status_code == 201, made.text
    return {"file_id": made.json()["id"]}


async def a_filter(api: Api, whose: Account) -> dict[str, str]:
    made = await api("POST", "/api/v1/tasks/filters", whose.headers, json={"name": f"Mine {new_id()}", "query": {"status": "pending"}})
    assert made.status_code == 201, made.text
    return {"filter_id": made.json()["id"]}


async def the_person(_: Api, whose: Account) -> dict[str, str]:
    return {"user_id": whose.id, "node_id": whose.id}


async def a_program(api: Api, _: Account) -> dict[str, str]:
    body = {"name": "Wall display", "grants": ["client_credentials"], "scopes": ["tasks:read"]}
    made = await api("POST", "/api/v1/oauth-clients", await api.admin(), json=body)
    assert made.status_code == 201, made.text
    return {"client_id": made.json()["id"]}


async def a_key(api: Api, whose: Account) -> dict[str, str]:
    # An administrator makes it: not every role may make keys for itself.
    body = {"name": "nightly", "scopes": ["self:read"], "owner_id": whose.id}
    made = await api("POST", "/api/v1/api-keys", await api.admin(), json=body)
    assert made.status_code == 201, made.text
    return {"key_id": made.json()["id"]}


async def a_session(api: Api, whose: Account) -> dict[str, str]:
    email = (await api("GET", "/api/v1/auth/me", whose.headers)).json()["email"]
    another = await api.sign_in(email)
    return {"user_id": whose.id, "session_id": said(another["Authorization"].partition(" ")[2])["sid"]}


async def a_job(api: Api, whose: Account) -> dict[str, str]:
    """Asked for as if by an administrator: not every role that reads its jobs may ask for each kind of them."""
    wish = RequestJob(job_id=new_id(), kind="tasks.export", parameters={"format": "csv", "scope": "mine", "filters": {}})
    outcome = await api.system.dispatch(wish, Context(Caller(UUID(whose.id), "admin"), new_id()))
    return {"job_id": str(outcome.result.id)}


async def a_payment(api: Api, whose: Account) -> dict[str, str]:
    """One that is over: nobody asks the provider anything meanwhile."""
    return {"payment_id": str((await a_captured_payment(api.system, UUID(whose.id))).id)}


async def a_product(api: Api, _: Account) -> dict[str, str]:
    """Nobody's: what is sold is the shop's."""
    made = await api("POST", "/api/v1/products", await api.admin(), json={"name": f"Lamp {new_id()}", "price": {"amount": 339}, "quantity": 3})
    assert made.status_code == 201, made.text
    return {"product_id": made.json()["id"]}


async def an_order(api: Api, whose: Account) -> dict[str, str]:
    """Placed while they were a user: not every role may buy."""
    product = await a_product(api, whose)
    wish = PlaceOrder(products=[(UUID(product["product_id"]), 1)])
    outcome = await api.system.dispatch(wish, Context(Caller(UUID(whose.id), "user"), new_id()))
    return {"order_id": str(outcome.result.id)}


OBJECTS: dict[str, Made] = {
    "task": a_task,
    "task-owner": a_task,
    "task-filter": a_filter,
    "comment": a_comment,
    "file": a_file,
    "notification": a_notification,
    "user": the_person,
    "node": the_person,
    "oauth-client": a_program,
    "session": a_session,
    "api-key": a_key,
    "job": a_job,
    "payment": a_payment,
    "order": an_order,
    "project": a_project,
    "team": a_team,
    "project-invitation": a_project_invitation,
    "team-invitation": a_team_invitation,
    "invitation": an_invitation,
    "product": a_product,
}
