"""What tests of the shop ask over HTTP."""

from typing import Any
from uuid import uuid4

from tests.http.daybook import Api

PRODUCTS = "/api/v1/products"


async def sell(api: Api, **fields: Any) -> dict[str, Any]:
    """A new product."""
    body = {"name": f"Lamp {uuid4()}", "price": {"amount": 339}, "quantity": 5} | fields
    made = await api("POST", PRODUCTS, await api.admin(), json=body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def at(product: dict[str, Any]) -> str:
    """The address of a product."""
    return f"{PRODUCTS}/{product['id']}"


def names(answer: Any) -> list[str]:
    """The names in a list, in its order."""
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]
