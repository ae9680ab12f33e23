"""No field can be slipped into a body whose operation does not document it (security.md 11)."""

from typing import Any

import pytest

from tests.http.daybook import Api, misfits, problem
from tests.http.operations import Operation
from tests.security.bodies import asking, with_bodies

FIELDS: dict[str, Any] = {
    "role": "admin", "roles": ["admin"], "owner_id": "01a1f8bf-8ca0-718f-8851-6ffd7c49c478", "status": "completed", "version": 1, "total": 0,
    "paid": True, "id": "01a1f8bf-8ca0-718f-8851-6ffd7c49c478", "is_admin": True, "active": True, "deleted": False, "verified": True,
    "token": 1, "scopes": ["*"], "user_id": "01a1f8bf-8ca0-718f-8851-6ffd7c49c478", "expires_at": "2036-03-01T12:00:00Z", "position": 1,
    "__proto__": {"role": "admin"}, "constructor": {}, "password_hash": "x", "permissions": ["users:manage"],
}  # fmt: skip

__all__ = ["asking"]


def documented(api: Api, one: Operation) -> set[str]:
    """The fields of a body, from the document."""
    schema: Any = one.told["requestBody"]["content"]["application/json"]["schema"]
    shapes = api.app.openapi_schema.to_schema()["components"]["schemas"]
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        shape = waiting.pop()
        if "$ref" in shape:
            shape = shapes[shape["$ref"].rpartition("/")[2]]
        waiting += [*shape.get("oneOf", ()), *shape.get("anyOf", ()), *shape.get("allOf", ())]
        found |= set(shape.get("properties", ()))
    return found


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_that_is_not_documented_is_refused_by_every_operation_with_a_body(api, asking, field):
    asked = 0
    for name, one in with_bodies(api).items():
        if field in documented(api, one):
            continue
        asked += 1
        answer = await asking(one, json={**one.example, field: FIELDS[field]})
        assert answer.status_code != 404 or "{" in one.path, name
        if answer.status_code != 404:  # What the address names comes first, and is looked for also when the body does not fit.
            assert (f"/{field}", "unknown_field") in misfits(answer), (name, answer.text)
    assert asked > 15


async def test_every_body_says_in_the_document_that_it_takes_nothing_else(api):
    shapes = api.app.openapi_schema.to_schema()["components"]["schemas"]
    for name, one in with_bodies(api).items():
        schema = one.told["requestBody"]["content"]["application/json"]["schema"]
        for shape in [schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())]:
            if "$ref" in shape:
                assert shapes[shape["$ref"].rpartition("/")[2]].get("additionalProperties") is False, name


async def test_a_public_registration_cannot_choose_its_role(api):
    body = {"email": "mallory@example.org", "name": "Mallory", "password": "a good long password", "role": "admin"}
    assert problem(await api("POST", "/api/v1/auth/register", json=body)) == (403, "role_not_assignable")
    assert (await api("POST", "/api/v1/auth/register", json=body | {"role": "user"})).json()["user"]["role"] == "user"


async def test_a_task_of_somebody_else_is_created_only_by_administrators(api):
    ann, bob = await api.account(), await api.account()
    assert problem(await api("POST", "/api/v1/tasks", ann.headers, json={"title": "Yours", "owner_id": bob.id}))[0] in {400, 403}
