"""Giving money back: by pieces, by amount, or all that is left; never more than was paid."""

import pytest
from msgspec.structs import replace

from domain.orders import events as e
from domain.orders.errors import NothingToRefund
from domain.orders.order import Order
from domain.shared.money import Money
from tests.orders import states as s
from tests.scenario import NOON, Then, given


def ask(order: Order, amount: int | None = None, products: dict | None = None, *, restock: bool = True) -> Then[Order]:
    return given(order).when(lambda order: order.request_refund(s.REFUND, amount, products, "broken", NOON, restock=restock))


def paid_back(order: Order, amount: int | None = None, products: dict | None = None, *, restock: bool = True) -> Order:
    asked = ask(order, amount, products, restock=restock).then_a(e.OrderRefundRequested)
    return asked.after(*asked.refund(s.REFUND, NOON))


def test_pieces_are_worth_what_was_paid_for_them():
    ask(s.completed, products={s.LAMP: 1, s.ROPE: 2}).then_a(e.OrderRefundRequested, amount=Money(1250 + 198, "GBP"), returned={s.LAMP: 1, s.ROPE: 2})


def test_an_amount_brings_nothing_back_on_the_shelf_unless_pieces_are_named():
    ask(s.completed, 500).then_a(e.OrderRefundRequested, amount=Money(500, "GBP"), returned={}, products={})
    ask(s.completed, 500, {s.LAMP: 1}).then_a(e.OrderRefundRequested, amount=Money(500, "GBP"), returned={s.LAMP: 1})


def test_where_nothing_is_named_it_is_all_that_is_left():
    some = paid_back(s.completed, products={s.LAMP: 1})
    rest = ask(some).then_a(e.OrderRefundRequested, amount=Money(s.TOTAL - 1250, "GBP"), returned={s.LAMP: 1, s.ROPE: 3})
    over = rest.after(*rest.refund(s.REFUND, NOON))
    assert (over.status, over.payment_status, over.refunded) == ("refunded", "refunded", s.TOTAL)


def test_an_order_stays_completed_until_all_of_it_went_back():
    some = paid_back(s.completed, 1)
    assert (some.status, some.payment_status, some.refunded) == ("completed", "captured", 1)


def test_the_same_piece_is_not_refunded_twice_even_if_it_did_not_come_back():
    some = paid_back(s.completed, products={s.LAMP: 2}, restock=False)
    assert some.returned == {}
    ask(some, products={s.LAMP: 1}).invalid("/products/0/quantity", "out_of_range")


def test_what_is_under_way_is_not_there_to_refund_either():
    ask(s.refunding, 1).refused(NothingToRefund, refundable=0)
    half = ask(s.completed, s.TOTAL - 10).then_a(e.OrderRefundRequested)
    ask(half, 11).refused(NothingToRefund, refundable=10)
    ask(half, 10).then_a(e.OrderRefundRequested)


@pytest.mark.parametrize("amount", [0, -1])
def test_less_than_something_is_no_amount(amount):
    ask(s.completed, amount).invalid("/amount", "out_of_range")


@pytest.mark.parametrize("pieces", [{s.LAMP: 3}, {s.LAMP: 0}, {s.CUSTOMER: 1}], ids=["too many", "none", "of something else"])
def test_pieces_that_were_not_bought_are_named(pieces):
    ask(s.completed, products=pieces).invalid("/products/0/quantity", "out_of_range")


@pytest.mark.parametrize("reason", ["", " \t"])
def test_a_refund_without_a_reason_is_none(reason):
    given(s.completed).when(lambda order: order.request_refund(s.REFUND, 1, None, reason, NOON, restock=True)).invalid("/reason", "required")


def test_a_piece_that_cost_nothing_goes_back_alone_though_the_others_cost_something():
    gift = s.completed.but(lines=(s.LINES[0], replace(s.LINES[1], unit_price=Money(0, "GBP"))), total=Money(2500, "GBP"))
    some = paid_back(gift, products={s.ROPE: 1})
    assert (some.status, some.refunded, some.given_back, some.returned) == ("completed", 0, {s.ROPE: 1}, {s.ROPE: 1})
    ask(some, products={s.ROPE: 3}).invalid("/products/0/quantity", "out_of_range")
    rest = paid_back(some)
    assert (rest.status, rest.refunded, rest.returned) == ("refunded", 2500, {s.LAMP: 2, s.ROPE: 3})


def test_of_what_cost_nothing_all_went_back_once_every_piece_did():
    free = s.completed.but(lines=tuple(replace(line, unit_price=Money(0, "GBP")) for line in s.LINES), total=Money(0, "GBP"))
    some = paid_back(free, products={s.LAMP: 1})
    assert (some.status, some.given_back) == ("completed", {s.LAMP: 1})
    assert paid_back(some).status == "refunded"
