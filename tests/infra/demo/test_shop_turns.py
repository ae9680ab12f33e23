"""At which price which order is placed: in the order of the file for each product, side by side otherwise."""

import asyncio

from infra.demo.shop.invoices import read_invoices
from infra.demo.shop.plan import plan
from infra.demo.shop.step import Item, Sale
from infra.demo.shop.turns import Turn, turns


def sale(key: str, **prices: int) -> Sale:
    items = tuple(Item(line=2, code=code, quantity=1, price=price) for code, price in prices.items())
    return Sale(key=key, invoice=key, customer="", items=items)


def test_orders_at_the_same_price_share_a_turn_and_another_price_waits_for_all_of_them():
    found = turns([sale("1", a=5, b=7), sale("2", a=5), sale("3", a=6), sale("4", a=5)], {"a": 5, "b": 7})
    (first, b), (second,), (third,), (fourth,) = found["1"], found["2"], found["3"], found["4"]
    assert first is second
    assert (third.before, fourth.before, b.before) == (first, third, None)
    assert [turn.changes for turn in (first, b, third, fourth)] == [False, False, True, True]
    first.placed()
    assert not first.over.is_set()
    first.placed()
    assert first.over.is_set()


def test_a_price_that_the_shop_does_not_have_yet_is_changed_first():
    (turn,) = turns([sale("1", a=5)], {"a": 6})["1"]
    assert (turn.changes, turn.before, turn.begun.is_set()) == (True, None, False)


async def test_the_whole_file_ends_with_every_order_at_its_price_in_the_order_of_the_file():
    made = plan(read_invoices())
    prices = {code: goods.price for code, goods in made.goods.items()}
    found = turns(made.sales, prices)
    seen: list[str] = []

    async def change(turn: Turn) -> None:
        if turn.before is not None:
            await turn.before.over.wait()
        prices[turn.code] = turn.price
        turn.begun.set()

    async def place(one: Sale) -> None:
        for turn in found[one.key]:
            await turn.begun.wait()
        assert {code: prices[code] for code in one.prices} == one.prices
        seen.append(one.key)
        for turn in found[one.key]:
            turn.placed()

    changes = {id(turn): turn for its in found.values() for turn in its if turn.changes}
    async with asyncio.TaskGroup() as group:
        for turn in changes.values():
            group.create_task(change(turn))
        for one in reversed(made.sales):
            group.create_task(place(one))
    assert len(seen) == len(made.sales)
    assert len(changes) == 2_814
