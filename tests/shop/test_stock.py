"""What holds of every stock, whatever happens to it: 0 ≤ reserved ≤ on hand, and every piece is accounted for."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.shared.conflicts import InsufficientStock
from domain.shared.event import Event
from domain.shared.refused import Refused
from domain.shop import events as e
from domain.shop.stock import MOST, Stock, stock_id
from tests.scenario import NOON, given

LAMP = UUID(int=70)
ORDER = UUID(int=80)
HELD = timedelta(minutes=15)
OF = {"product_id": LAMP, "at": NOON}


def stock(*events: Event, quantity: int = 10) -> Stock:
    """The stock of a product that began with so many."""
    return Stock(id=stock_id(LAMP)).after(e.StockReceived(**OF, quantity=quantity), *events)


def held(nth: int, quantity: int, until=NOON + HELD) -> e.StockReserved:
    """So many, held by the nth reservation."""
    return e.StockReserved(**OF, reservation_id=UUID(int=nth), order_id=ORDER, quantity=quantity, until=until)


def test_what_is_held_is_not_free():
    given(stock(held(1, 8))).when(lambda one: one.reserve(UUID(int=2), ORDER, 3, NOON + HELD, NOON)).refused(InsufficientStock, available=2)


def test_told_twice_to_hold_nothing_new_happens():
    given(stock(held(1, 8))).when(lambda one: one.reserve(UUID(int=1), ORDER, 8, NOON + HELD, NOON)).nothing()


def test_from_its_last_moment_on_a_hold_counts_as_free_and_gives_way_where_it_is_needed():
    one, later = stock(held(1, 8)), NOON + HELD
    assert (one.available(later - timedelta(seconds=1)), one.available(later)) == (2, 10)
    released = e.StockReleased(product_id=LAMP, at=later, reservation_id=UUID(int=1), order_id=ORDER, quantity=8, expired=True)
    mine = e.StockReserved(product_id=LAMP, at=later, reservation_id=UUID(int=2), order_id=ORDER, quantity=3, until=later + HELD)
    after = given(one).when(lambda one: one.reserve(UUID(int=2), ORDER, 3, later + HELD, later)).then(released, mine)
    assert (after.reserved, after.available(later)) == (3, 7)


def test_what_is_over_gives_way_to_what_was_counted_wrong():
    later = NOON + HELD
    released = e.StockReleased(product_id=LAMP, at=later, reservation_id=UUID(int=1), order_id=ORDER, quantity=8, expired=True)
    adjusted = e.StockAdjusted(product_id=LAMP, at=later, delta=-10, reason="set to 0")
    after = given(stock(held(1, 8))).when(lambda one: one.set_available(0, later)).then(released, adjusted)
    assert (after.on_hand, after.reserved) == (0, 0)


def test_what_is_secured_does_not_expire():
    one = stock(held(1, 8), e.StockSecured(**OF, reservation_id=UUID(int=1), order_id=ORDER))
    assert one.available(NOON + 9 * HELD) == 2


def test_what_is_sold_is_gone_once():
    one = stock(held(1, 8))
    after = given(one).when(lambda one: one.commit(UUID(int=1), NOON)).then_a(e.StockCommitted, quantity=8, order_id=ORDER)
    assert (after.on_hand, after.reserved) == (2, 0)
    given(after).when(lambda one: one.commit(UUID(int=1), NOON)).nothing()
    given(after).when(lambda one: one.release(UUID(int=1), NOON)).nothing()


def test_what_is_held_cannot_be_counted_away():
    given(stock(held(1, 8))).when(lambda one: one.adjust(-3, "broken", NOON)).refused(InsufficientStock, available=2)
    given(stock()).when(lambda one: one.adjust(-3, "", NOON)).invalid("/reason", "required")
    given(stock()).when(lambda one: one.receive(0, "", NOON)).invalid("/quantity", "out_of_range")
    given(stock()).when(lambda one: one.receive(MOST, "", NOON)).invalid("/quantity", "out_of_range")


def test_a_wish_for_so_many_free_ones_leaves_what_is_held():
    after = given(stock(held(1, 8))).when(lambda one: one.set_available(0, NOON)).then_a(e.StockAdjusted, delta=-2)
    assert (after.on_hand, after.reserved, after.available(NOON)) == (8, 8, 0)


@pytest.mark.parametrize(("quantity", "first", "second"), [(5, 0, 0), (6, 0, 1), (7, 1, 0), (9, 1, 0)])
def test_it_says_that_it_is_low_when_it_falls_to_its_level_and_not_while_it_stays_there(quantity, first, second):
    one = stock(e.LowLevelSet(**OF, level=3))
    facts = one.reserve(UUID(int=1), ORDER, quantity, NOON + HELD, NOON)
    again = one.after(*facts).reserve(UUID(int=2), ORDER, 1, NOON + HELD, NOON)
    assert [[type(fact) for fact in told[1:]] for told in (facts, again)] == [[e.StockRanLow] * first, [e.StockRanLow] * second]


STEPS = {
    "receive": lambda one, _, number, now: one.receive(abs(number), "", now),
    "adjust": lambda one, _, number, now: one.adjust(number, "counted", now),
    "set": lambda one, _, number, now: one.set_available(abs(number), now),
    "reserve": lambda one, of, number, now: one.reserve(of, ORDER, abs(number) + 1, now + HELD, now),
    "secure": lambda one, of, _, now: one.secure(of, now) if one.holds_for(of, now) else [],
    "release": lambda one, of, _, now: one.release(of, now),
    "expire": lambda one, of, _, now: one.release(of, now, expired=True),
    "commit": lambda one, of, _, now: one.commit(of, now),
    "take back": lambda one, _, number, now: one.take_back(ORDER, abs(number), now),
    "wait": lambda *_: [],
}


@settings(max_examples=200)
@for_all(st.lists(st.tuples(st.sampled_from([*STEPS, "reserve", "reserve", "wait"]), st.integers(0, 5), st.integers(-12, 12)), max_size=60))
def test_every_piece_is_accounted_for_whatever_happens(steps):
    one, now, told = stock(), NOON, list[Event]()
    for step, nth, number in steps:
        if step == "wait":
            now += timedelta(minutes=3 * abs(number))
        with suppress(Refused):
            decided = STEPS[step](one, UUID(int=nth), number, now)
            one, told = one.after(*decided), told + decided
        assert 0 <= one.reserved <= one.on_hand
        assert one.reserved == sum(hold.quantity for hold in one.holds.values())
        assert one.available(now) == one.on_hand - sum(hold.quantity for hold in one.holds.values() if not hold.is_over(now))
        assert one.on_hand == 10 + accounted(told)


def accounted(events: list[Event]) -> int:
    """Received + adjusted + returned − sold."""
    total = 0
    for event in events:
        match event:
            case e.StockReceived(quantity=quantity) | e.StockReturned(quantity=quantity) | e.StockAdjusted(delta=quantity):
                total += quantity
            case e.StockCommitted(quantity=quantity):
                total -= quantity
    return total


def test_of_many_that_are_over_only_so_many_give_way_as_are_wanted():
    one, later = stock(*(held(nth, 2) for nth in range(1, 5)), quantity=8), NOON + HELD
    taken = one.reserve(UUID(int=9), ORDER, 3, later + HELD, later)
    assert [type(fact) for fact in taken] == [e.StockReleased, e.StockReleased, e.StockReserved]
    assert [type(fact) for fact in one.adjust(-2, "broken", later)] == [e.StockReleased, e.StockAdjusted]
    after = one.after(*taken)
    assert (after.reserved, after.available(later)) == (7, 5)
