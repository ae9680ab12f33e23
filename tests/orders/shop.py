"""What tests of orders need of the shop: products, and customers who buy them."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from application.shop.product import AddProduct
from domain.shared.money import Money
from domain.shop.events import ProductFields
from infra.app import new_id
from tests.eventually import eventually
from tests.http.daybook import Api, Headers

ORDERS = "/api/v1/orders"


async def a_product(api: Api, *, quantity: int = 100, price: int = 500, currency: str = "GBP", name: str = "") -> UUID:
    """On sale from now on."""
    fields = ProductFields(name=name or f"Lamp {new_id()}", description="", price=Money(price, currency))
    return UUID(str((await api.system.dispatch(AddProduct(fields=fields, quantity=quantity), api.system.context())).result.id))


def keyed(who: Headers, key: str = "") -> Headers:
    """With an idempotency key."""
    return {**who, "Idempotency-Key": key or str(uuid4())}


async def ask_for(api: Api, who: Headers, *wanted: tuple[UUID, int], **more: Any) -> httpx.Response:
    """Ask to buy so many of some products."""
    products = [{"product_id": str(product), "quantity": quantity} for product, quantity in wanted]
    return await api("POST", ORDERS, keyed(who), json={"products": products} | more)


async def an_order(api: Api, who: Headers, *wanted: tuple[UUID, int]) -> dict[str, Any]:
    """Placed; of one new product where none is named."""
    placed = await ask_for(api, who, *(wanted or [(await a_product(api), 1)]))
    assert placed.status_code == 201, placed.text
    found: dict[str, Any] = placed.json()
    return found


async def ended(api: Api, who: Headers, order_id: str, status: str) -> dict[str, Any]:
    """The order as it is shown once it stands so."""
    shown: dict[str, Any] = {}

    async def look() -> bool:
        shown.update(await seen(api, who, order_id))
        return bool(shown["status"] == status)

    await eventually(look, 20, f"the order is {status}: {shown}")
    return shown


async def seen(api: Api, who: Headers, order_id: str) -> dict[str, Any]:
    """The order as it is shown."""
    answer = await api("GET", f"{ORDERS}/{order_id}", who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
