"""The shop on real processes: two that speak HTTP, two that react and ask for the money, and whoever wants the same things at once."""

import asyncio
import signal
import time
from collections import Counter

import msgspec
import pytest

from infra.app import ensure_admin
from tests.faults.people import people
from tests.faults.shoppers import Shop, dice, outcomes, say

BUYERS = 40
KILLS = 8
IMPATIENT = "tests.faults.faulty:impatient_consumers"
SUCCESSORS = {"consumers": IMPATIENT, "relay": "tests.faults.faulty:shuffling_relay", "clock": "tests.faults.faulty:greedy_clock"}
"""Who follows one that was killed: a relay that tells everything three times in any order, a clock that does everything again and again."""


@pytest.fixture(scope="module")
def running(daybook):
    daybook.settings = msgspec.structs.replace(daybook.settings, payment_duration=0)
    ensure_admin(daybook.settings)
    daybook.all("serve", "serve", "relay", "consumers", "consumers", "clock")
    return daybook


@pytest.fixture
async def shop(running):
    async with people(running.settings) as crowd:
        api = running.of("serve")[0]
        buyers = await asyncio.gather(*(crowd.register(api) for _ in range(BUYERS)))
        yield Shop(running, await crowd.admin(api), list(buyers))


def others(running, main="", **settings):
    """Other consumers than those before."""
    for old in running.of("consumers"):
        old.end()
    for process in [running.start("consumers", main, **settings) for _ in range(2)]:
        process.ready()


async def watched(shop, product, stop):
    """What is shown of a product meanwhile, through both processes."""
    seen = []
    while not stop.is_set():
        for api in shop.apis:
            answer = await shop.admin.get(api, f"/products/{product}", allow_stale=True)
            assert answer.status_code == 200, answer.text
            seen.append(answer.json()["quantity"])
        await asyncio.sleep(0.01)
    return seen


async def test_of_200_who_want_one_of_10_pieces_10_get_one(shop):
    product, stop = await shop.product(10), asyncio.Event()
    watching = asyncio.create_task(watched(shop, product, stop))
    answers = await shop.place_all([[(product, 1)]] * 200)
    orders = await shop.quiet()
    stop.set()
    seen, ended = await watching, outcomes(orders, answers)
    say(f"200 buyers for 10 pieces: {dict(ended)}; {len(seen)} reads showed {min(seen)} to {max(seen)}")
    assert ended["completed"] == 10
    assert ended["refused"] + ended["rejected insufficient_stock"] == 190
    assert min(seen) == 0
    assert (await shop.admin.get(shop.apis[0], f"/products/{product}")).json()["quantity"] == 0


async def test_orders_over_the_same_products_in_any_order_get_all_lines_or_none(shop):
    some = [await shop.product(quantity) for quantity in (60, 50, 40)]
    wishes = [[(product, 1) for product in (some if nth % 2 else some[::-1])] for nth in range(100)]
    answers = await shop.place_all(wishes)
    ended = outcomes(await shop.quiet(), answers)
    say(f"100 orders over the same three products: {dict(ended)}")
    assert ended["completed"] == 40
    left = [(await shop.admin.get(shop.apis[0], f"/products/{product}")).json()["quantity"] for product in some]
    assert left == [20, 10, 0]


async def test_a_product_that_everybody_wants_holds_nobody_up(shop):
    product = await shop.product(300)
    began = time.monotonic()
    answers = await shop.place_all([[(product, 1)]] * 300)
    placed = time.monotonic() - began
    ended = outcomes(await shop.quiet(), answers)
    say(f"300 orders of one product: placed in {placed:.1f} s ({300 / placed:.0f}/s), over after {time.monotonic() - began:.1f} s")
    assert ended == {"completed": 300}


MINDS = [[], ["cancel"], ["pay"], ["cancel", "pay"], ["pay", "cancel"]]
HURRIED = {"reservation_ttl": "2s", "payment_duration": 500, "payment_failed_probability": 40, "backoff_retries": 2, "backoff_delay": 300}
"""Paid after 0.5, 1.3 or 2.4 seconds, or not at all, and free again after two."""


async def change_their_mind(shop, nth, product):
    """Buy it, and soon cancel, pay again, both or neither."""
    who, luck = shop.buyers[nth % len(shop.buyers)], dice(nth)
    placed = await shop.place(who, [(product, luck.randint(1, 2))])
    for what in luck.choice(MINDS) if placed.status_code == 201 else ():
        await asyncio.sleep(luck.uniform(0, 1))  # A moment of theirs, not one that is waited for.
        answer = await shop.insist(who, f"/orders/{placed.json()['id']}/{what}")
        assert answer.status_code in {200, 409}, answer.text
    return placed


async def test_cancel_pay_and_expire_race_1000_times(shop, running):
    others(running, **HURRIED)
    some, began, room = [await shop.product(300) for _ in range(4)], time.monotonic(), asyncio.Semaphore(100)

    async def one(nth):
        async with room:
            return await change_their_mind(shop, nth, some[nth % 4])

    answers = await asyncio.gather(*(one(nth) for nth in range(1000)))
    raced = time.monotonic() - began
    ended = outcomes(await shop.quiet(60), answers)
    say(f"1,000 orders raced in {raced:.0f} s, quiet after {time.monotonic() - began:.0f} s: {dict(ended)}")
    assert ended["cancelled"] > 0
    assert len(ended) > 2


async def test_whoever_is_killed_every_order_that_was_taken_ends_and_is_paid_once(shop, running, checker):
    others(running, IMPATIENT, payment_duration=50)
    some, luck, answers, over = [await shop.product(400, price) for price in (500, 0, 799)], dice(5), [], asyncio.Event()

    async def buy(nth):
        mood = dice(nth)
        while not over.is_set():
            placed = await shop.place(shop.buyers[nth], [(product, 1) for product in mood.sample(some, 2)])
            answers.append(placed)
            if placed.status_code == 201 and mood.random() < 0.2:
                await shop.insist(shop.buyers[nth], f"/orders/{placed.json()['id']}/cancel")

    buying = [asyncio.create_task(buy(nth)) for nth in range(8)]
    killed = Counter()
    for _ in range(KILLS):
        await asyncio.sleep(luck.uniform(0.1, 0.7))  # The moment is the seed's.
        victim = luck.choice([process for process in running.processes if process.code is None])
        victim.end(signal.SIGKILL)
        killed[victim.name] += 1
        running.start(victim.name, SUCCESSORS.get(victim.name, ""), payment_duration=50)
    over.set()
    await asyncio.gather(*buying)
    ended = outcomes(await shop.quiet(60), answers)
    say(f"{len(answers)} orders while {dict(killed)} were killed: {dict(ended)}")
    assert ended["completed"] > 0
    await checker.agrees(40)  # All read models, of this and of all that happened before.
