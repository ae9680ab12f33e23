"""What `daybook stock verify` looks for: right runs are right at any moment, and each thing that may be wrong is seen and named."""

import pytest
from msgspec.structs import replace

from domain.orders.events import OrderCancelled, OrderCompleted, OrderPlaced
from domain.shop import events as s
from infra.reconciliation.goods import Goods
from infra.reconciliation.parts import Part
from infra.reconciliation.shelves import Shelf, Shelves
from projections.shop.products import ProductRow
from tests.orders.customers import People, run
from tests.orders.simulator import Simulation

SEEDS = range(2000, 2020)


def wrong_in(log, tended=None, part=None):
    """What is said of this log, of which all but the last things were tended to."""
    shelves, goods = Shelves(), Goods(part)
    shelves.read(log)
    goods.read(log)
    return [f"{one.what}: {one.why}" for one in shelves.judged() + goods.judged(log[-1].position if tended is None else tended)]


def under_way_in(log):
    """How many orders are not at their end."""
    goods = Goods()
    goods.read(log)
    goods.judged(0)
    return goods.under_way


@pytest.fixture(scope="module")
def logs():
    return [run(seed).recorded for seed in SEEDS]


def doctored(logs, kind, change):
    """A log in which the first such event (of an order: one that is completed) is another one, or (None) is not there, and that event."""
    done = [{one.event.order_id for one in log if isinstance(one.event, OrderCompleted)} for log in logs]
    some = ((log, one, nth) for nth, log in enumerate(logs) for one in log if isinstance(one.event, kind))
    log, found = next((log, one) for log, one, nth in some if kind is not OrderPlaced or one.event.order_id in done[nth])
    changed = None if change is None else replace(found, event=replace(found.event, **change(found.event)))
    return [changed if one is found else one for one in log if one is not found or changed is not None], found.event


def test_right_logs_have_nothing_wrong_and_nothing_under_way_at_their_end(logs):
    for log in logs:
        assert wrong_in(log) == []
        assert under_way_in(log) == 0


def test_nothing_is_wrong_while_orders_are_under_way():
    under_way = 0
    for seed in SEEDS:
        world = Simulation(seed)
        people = People.of(world, orders=5)
        try:
            for nth in range(400):
                world.do_anything(people.next, [12, 1, 1, 1, 1, 0.3, 0.05, 0.8, 0.02])
                if not nth % 20:
                    assert wrong_in(world.recorded, tended=0) == [], (seed, nth)
                    under_way += under_way_in(world.recorded)
        finally:
            world.end()
    assert under_way > 100


def more(event):
    return {"quantity": event.quantity + 1}


@pytest.mark.parametrize(
    ("kind", "change", "why"),
    [
        (s.StockReserved, more, "held"),
        (s.StockReserved, None, "were"),
        (s.StockCommitted, more, "were sold and"),
        (s.StockCommitted, None, "where"),
        (s.StockReleased, more, "were released and"),
        (s.StockReleased, None, "and holds"),
        (s.StockReceived, lambda _: {"quantity": 0}, "are on hand and"),
        (s.StockReturned, more, "came back"),
        (s.StockReturned, None, "came back"),
        (s.ReservationCommitted, None, "is right"),
        (OrderPlaced, None, "there is no such order"),
        (OrderPlaced, lambda event: {"lines": (replace(event.lines[0], quantity=99),)}, "99 of"),
    ],
)
def test_what_was_changed_or_left_out_is_missed(logs, kind, change, why):
    log, event = doctored(logs, kind, change)
    found = wrong_in(log)
    assert any(why in one for one in found), found
    named = [str(getattr(event, name)) for name in ("order_id", "product_id") if hasattr(event, name)]
    assert any(one in told for one in named for told in found), found


def test_what_is_sold_twice_is_seen(logs):
    log, sold = next((log, one) for log in logs for one in log if isinstance(one.event, s.StockCommitted))
    found = wrong_in([*log, replace(sold, position=len(log) + 1)])
    assert any(f"product {sold.event.product_id}: of reservation" in one and "0 held" in one for one in found)
    assert any(f"order {sold.event.order_id}" in one and "sold were" in one for one in found)


def test_what_is_held_for_an_order_that_is_over_is_wrong_once_that_was_tended_to(logs):
    for log in logs:
        for nth, one in enumerate(log):
            if isinstance(one.event, OrderCancelled) and wrong_in(log[: nth + 1]):
                assert wrong_in(log[: nth + 1], tended=nth) == []
                assert f"order {one.event.order_id}: it is cancelled in round" in "".join(wrong_in(log[: nth + 1]))
                return
    pytest.fail("nobody cancelled while anything was held")


def test_sums_that_differ_from_their_fold_are_seen():
    shelf = Shelf(on_hand=5, reserved=2, received=4)
    assert list(shelf.differences()) == ["5 are on hand where 4 is right", "2 are reserved, its reservations hold 0"]


def test_what_is_served_is_compared(logs):
    shelves = Shelves()
    shelves.read(logs[0])
    product, shelf = next(iter(shelves.of.items()))
    at = logs[0][0].recorded_at
    shelves.compare([product], {product: ProductRow(product, 1, at, at, on_hand=shelf.on_hand, reserved=shelf.reserved)})
    assert shelves.wrong == []
    shelves.compare([product], {product: ProductRow(product, 1, at, at, on_hand=shelf.on_hand + 1, reserved=shelf.reserved)})
    shelves.compare([product], {})
    assert [one.what for one in shelves.wrong] == [f"product {product}"] * 2
    assert f"{shelf.on_hand + 1} on hand and {shelf.reserved} reserved are served" in shelves.wrong[0].why


def test_each_order_is_judged_in_one_part(logs):
    log, _ = doctored(logs, OrderCompleted, None)
    whole = [one for one in wrong_in(log) if one.startswith("order")]
    assert sorted(one for nth in range(3) for one in wrong_in(log, part=Part(nth, 3)) if one.startswith("order")) == sorted(whole)
