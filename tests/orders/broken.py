"""Shops that are wrong on purpose, each in one thing; what the checkers say of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from application.orders import progress
from application.payments.call import Refused, StartCall, Taken, Unknown
from application.shared.command import HANDLERS
from application.shared.deadline import DEADLINES
from application.shared.ports import Ports
from application.shared.reaction import REACTIONS
from domain.orders import order as orders
from domain.orders.events import OrderCompleted, OrderRefundRequested
from domain.orders.order import Order
from domain.orders.status import OrderStatus
from domain.payments import ledger
from domain.payments.payment import Payment
from domain.shared.conflicts import InsufficientStock
from domain.shop.reservation import Reservation
from domain.shop.stock import Stock
from tests.faults import shop_checks
from tests.orders import simulator

Patch = pytest.MonkeyPatch


def release_forgotten(patch: Patch) -> None:
    """What was held for an order stays held."""
    patch.setattr(Stock, "release", lambda *_, **__: [])


def sold_though_held(patch: Patch) -> None:
    """What is held for others counts as free."""
    patch.setattr(Stock, "available", lambda stock, _: stock.on_hand)


def secured_though_expired(patch: Patch) -> None:
    """Nobody looks whether it is still held when the money is there."""
    patch.setattr(Stock, "holds_for", lambda *_: True)


def some_lines_only(patch: Patch) -> None:
    """An order gets what there is, and nobody looks again before it is sold."""
    real = Stock.reserve
    patch.setattr(Stock, "holds_for", lambda *_: True)

    def reserve(*about: Any) -> Any:
        try:
            return real(*about)
        except InsufficientStock:
            return []

    patch.setattr(Stock, "reserve", reserve)


def taken_back_twice(patch: Patch) -> None:
    """Nobody notes what came back."""
    patch.setattr(Reservation, "take_back", lambda *_: [])


def charged_again(patch: Patch) -> None:
    """An unknown outcome is taken for a failure, and asked for again under another key."""
    real = simulator.ask

    async def ask(*about: Any) -> Any:
        outcome = await real(*about)
        return Refused("failed", outcome.message) if isinstance(outcome, Unknown) else outcome

    patch.setattr(simulator, "ask", ask)


def asked_by_whoever_looks(patch: Patch) -> None:
    """Whoever sees that a step was taken takes it for theirs."""

    async def start_call(command: StartCall, ports: Ports) -> Taken:
        before = await ports.log.load(Payment, command.payment_id)
        payment = await ports.log.change(Payment, before.id, lambda payment: payment.start(timedelta(seconds=30), ports.now))
        return Taken(payment, before.next_step if payment.version > before.version else None)

    patch.setitem(HANDLERS, StartCall, start_call)


def customers_kept_waiting(patch: Patch) -> None:
    """That an order is over does not let its customer place another one."""

    async def nothing(_: Any, __: Any, after: Order) -> Order:
        return after

    patch.setattr(progress, "ended", nothing)


def cancelled_though_confirmed(patch: Patch) -> None:
    """Somebody may change their mind too late."""
    patch.setattr(orders, "CANCELLABLE", {*orders.CANCELLABLE, OrderStatus.CONFIRMED})


def told_only_once_it_is_all(patch: Patch) -> None:
    """What the provider gives back in part does not show in the order."""
    real = progress._given_back_unasked
    patch.setattr(progress, "_given_back_unasked", lambda *about: real(*about) if about[1].told.refunded == about[1].told.captured else [])


def money_kept(patch: Patch) -> None:
    """Nobody gives back what was authorised for an order that was cancelled."""
    patch.setattr(Payment, "cancel", lambda *_: [])


def never_settled(patch: Patch) -> None:
    """An order that ended badly never hears of its money."""
    patch.setattr(Order, "settle", lambda *_: [])


def refund_forgotten(patch: Patch) -> None:
    """Payments do not listen to refunds."""
    real = REACTIONS["payments.orders"]
    listens = tuple(kind for kind in real.listens if kind is not OrderRefundRequested)
    patch.setitem(REACTIONS, real.name, replace(real, listens=listens))


def lost_calls_forgotten(patch: Patch) -> None:
    """Nobody asks what became of a call whose maker died."""
    patch.setitem(DEADLINES, "payments.calls", replace(DEADLINES["payments.calls"], fold=lambda *_: None))


def late_arrivals_forgotten(patch: Patch) -> None:
    """What was given up is not asked about, though a call for it may still arrive."""
    patch.setattr(Payment, "_recheck", lambda *_: [])


def one_side_only(patch: Patch) -> None:
    """An entry without its credit."""
    real = ledger._moved
    patch.setattr(ledger, "_moved", lambda *about: real(*about)[:1])


def never_earned(patch: Patch) -> None:
    """What was captured stays a deposit."""
    real = ledger.entry
    patch.setattr(shop_checks, "entry", lambda event: () if isinstance(event, OrderCompleted) else real(event))


SABOTAGES: dict[Callable[[Patch], None], str] = {
    release_forgotten: "are on hand and|and holds",
    sold_though_held: "are on hand and",
    secured_though_expired: "sold were|are held",
    some_lines_only: "sold were|are held",
    taken_back_twice: "came back",
    charged_again: "done twice|the provider says",
    asked_by_whoever_looks: "done twice|the provider says|come to rest",
    customers_kept_waiting: "customers wait",
    cancelled_though_confirmed: "confirmed and cancelled",
    told_only_once_it_is_all: "are taken, not",
    money_kept: "payment pending",
    never_settled: "payment pending",
    refund_forgotten: "refunds are owed",
    lost_calls_forgotten: "not over|payment pending",
    late_arrivals_forgotten: "the provider says",
    one_side_only: "no balanced entry",
    never_earned: "is not empty",
}
