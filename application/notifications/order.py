"""What customers are told about their orders: how these end, and where the goods and the money are."""

from typing import Any, Final
from uuid import UUID

import msgspec

from application.notifications.telling import News, tell
from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.notifications.kind import Kind
from domain.orders import events as e
from domain.orders.events import Line
from domain.orders.order import Order
from domain.shared.event import Event, Recorded

CHANGES: Final[dict[type[Event], str]] = {
    e.OrderCompleted: "completed",
    e.OrderRejected: "rejected",
    e.OrderCancelled: "cancelled",
    e.OrderRefunded: "refunded",
    e.OrderShipped: "shipped",
    e.OrderDelivered: "delivered",
}


class NotifyOfOrder(Command, frozen=True):
    """Tell whoever ordered how an order stands; not if they did it themselves (`actor_id`)."""

    order_id: UUID
    change: str
    actor_id: UUID | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


@handles(NotifyOfOrder)
async def notify_of_order(command: NotifyOfOrder, ports: Ports) -> None:
    """The order is called by what is in it."""
    order = await ports.log.load(Order, command.order_id)
    facts = {"order_id": order.id, **command.facts}
    news = News(kind=Kind.ORDER_UPDATED, title=_called(order.lines), change=command.change, facts=facts, actor_id=command.actor_id)
    await tell(ports, [order.customer_id], news)


def _called(lines: tuple[Line, ...]) -> str:
    first, *others = lines
    return f"{first.quantity} × {first.name}" + (f" and {len(others)} more" if others else "")


@reacts("notifications.orders", *CHANGES, at_once=16)
def orders(recorded: Recorded[Any]) -> list[Command]:
    """What is told of one order is told in its order, so several may be told of at once."""
    change = CHANGES[type(recorded.event)]
    return [NotifyOfOrder(order_id=recorded.stream_id, change=change, actor_id=recorded.actor_id, facts=_facts(recorded.event))]


def _facts(event: Event) -> dict[str, Any]:
    match event:
        case e.OrderCompleted(total=total):
            return {"total": total}
        case e.OrderRejected(reason=reason, message=message):
            return {"reason": reason, "message": message}
        case e.OrderCancelled(reason=message):
            return {"message": message}
        case e.OrderRefunded(amount=amount, all=is_all):
            return {"amount": amount, "all": is_all}
        case e.OrderShipped(carrier=carrier, tracking=tracking):
            return {"carrier": carrier, "tracking": tracking}
    return {}
