"""People who buy and sell at a running Daybook over HTTP, through whichever API process answers, and what came of it when all is quiet."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from domain.orders.events import OrderEvent
from domain.orders.order import Order
from domain.payments.charge import Charge
from infra.postgres.connections import SESSION
from infra.settings import Settings
from tests.eventually import eventually
from tests.faults.daybook import Daybook, Process
from tests.faults.fold_of_the_log import head, read
from tests.faults.people import LOST, User
from tests.faults.shop_checks import Log, Wrong, all_is_well, folded

Lines = Sequence[tuple[str, int]]


STILL = 0.3
"""Seconds in which nothing must be written before it is judged, since judging takes its time."""


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 — dice, no secret.


def say(told: str) -> None:
    """Figures for whoever looks (pytest -s)."""
    sys.stdout.write(f"\n{told}\n")


class Shop:
    """What a test asks of it."""

    def __init__(self, daybook: Daybook, admin: User, buyers: list[User]) -> None:
        self.daybook = daybook
        self.admin = admin
        self.buyers = buyers
        self.dice = dice(11)

    @property
    def apis(self) -> list[Process]:
        return self.daybook.of("serve")

    @property
    def settings(self) -> Settings:
        return self.daybook.settings

    async def product(self, quantity: int, price: int = 500) -> str:
        """The id of something new, of which there are so many."""
        body = {"name": f"Lamp {uuid4()}", "price": {"amount": price, "currency": "GBP"}, "quantity": quantity}
        made = await self.admin.post(self.dice.choice(self.apis), "/products", body, key=str(uuid4()))
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def insist(self, who: User, path: str, body: Any = None) -> httpx.Response:
        """The answer to one request, made again with its key until somebody gives one."""
        key = str(uuid4())

        async def ask() -> httpx.Response | None:
            apis = self.apis
            try:
                answer = await who.post(self.dice.choice(apis), path, body, key=key) if apis else None
            except (*LOST, httpx.TimeoutException):
                return None
            return None if answer is None or answer.status_code == 503 else answer

        return await eventually(ask, 30, f"an answer to {path}")

    async def place(self, who: User, lines: Lines) -> httpx.Response:
        products = [{"product_id": product, "quantity": quantity} for product, quantity in lines]
        answer = await self.insist(who, "/orders", {"products": products})
        assert answer.status_code == 201 or (answer.status_code, answer.json()["code"]) == (409, "insufficient_stock"), answer.text
        return answer

    async def place_all(self, wishes: Sequence[Lines]) -> list[httpx.Response]:
        """All at once, each by somebody else."""
        return await asyncio.gather(*(self.place(self.buyers[nth % len(self.buyers)], lines) for nth, lines in enumerate(wishes)))

    async def quiet(self, seconds: float = 30) -> dict[UUID, Order]:
        """Wait until nothing more happens and everything adds up, here and at the provider; the orders. Raises what does not."""
        why, heads = ["it does not come to rest"], [-1]

        async def look() -> dict[UUID, Order] | None:
            heads.append(await asyncio.to_thread(newest, self.settings))
            if heads[-1] != heads[-2]:
                await asyncio.sleep(STILL)
                return None
            try:
                return await asyncio.to_thread(judged, self.settings)
            except Wrong as wrong:
                why[:] = [str(wrong)]
                await asyncio.sleep(STILL)
                return None

        try:
            return await eventually(look, seconds, "everything adds up")
        except AssertionError:
            raise Wrong(*why) from None


def judged(settings: Settings) -> dict[UUID, Order]:
    """Everything that must be true of the log, and of what the simulated provider remembers. Raises `Wrong`."""
    log, charges = the_log(settings), charged(settings)
    all_is_well(log, charges)
    return folded(Order, log, OrderEvent)


def newest(settings: Settings) -> int:
    with psycopg.connect(settings.database_url, autocommit=True, options=SESSION) as connection:
        return head(connection)


def the_log(settings: Settings) -> Log:
    with psycopg.connect(settings.database_url, autocommit=True, options=SESSION) as connection:
        return read(connection)


def charged(settings: Settings) -> dict[UUID, Charge]:
    """What the provider did by its own memory. Raises `Wrong` where it did something twice."""
    charges: dict[UUID, Counter[str]] = {}
    with psycopg.connect(settings.migration_database_url) as connection:
        rows = connection.execute("select payment_id, step, amount from daybook.simulated_payments where outcome = 'done'").fetchall()
    for payment_id, step, amount in rows:
        done = charges.setdefault(payment_id, Counter())
        if step != "refund" and done[step]:
            raise Wrong(f"{step} of {payment_id} was done twice")
        done[step] += amount
    return {
        payment_id: Charge(authorised=done["authorise"], captured=done["capture"], voided=done["void"], refunded=done["refund"])
        for payment_id, done in charges.items()
    }


def outcomes(orders: dict[UUID, Order], answers: Sequence[httpx.Response]) -> Counter[str]:
    """How the orders that were placed ended, and how many were not taken."""
    placed = [orders[UUID(answer.json()["id"])] for answer in answers if answer.status_code == 201]
    ended = Counter(f"{order.status} {order.reason or ''}".strip() for order in placed)
    return ended + Counter({"refused": len(answers) - len(placed)})
