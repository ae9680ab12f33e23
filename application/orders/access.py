"""Whose order it is: the object rules of all commands about orders."""

from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, must, reach
from application.shared.ports import Ports
from domain.orders.order import Order
from domain.shared.refused import Forbidden, Hidden, NotFound


def must_see(order: Order, caller: Caller, permission: str = "orders:read") -> None:
    """Raises `NotFound` unless it is the caller's, or they read all orders, or may do to all of them what they ask for."""
    if not order.exists:
        raise NotFound
    if reach(caller, permission) is not Reach.ALL:
        must_be_in_sight(order.customer_id, caller)


def must_be_in_sight(customer_id: UUID, caller: Caller) -> None:
    """Raises `Hidden` unless the caller sees the orders of this customer."""
    if not sees(customer_id, caller):
        raise Hidden


def sees(customer_id: UUID, caller: Caller) -> bool:
    """Whether the caller is this customer, or reads all orders."""
    return customer_id == caller.id or reach(caller, "orders:read") is Reach.ALL


async def order_for(ports: Ports, order_id: UUID, permission: str) -> Order:
    """An order that the caller may do this to; raises `InsufficientRole`, `InsufficientScope`, `NotFound`, `Forbidden`."""
    reached = must(ports.caller, permission)
    order = await ports.log.load(Order, order_id)
    must_see(order, ports.caller, permission)
    if order.customer_id != ports.caller.id and reached is not Reach.ALL:
        raise Forbidden
    return order
