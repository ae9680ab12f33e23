"""Payments that wait for a provider that is away: asleep, however many they are, until it is back."""

import asyncio
from types import SimpleNamespace
from uuid import UUID

import pytest

from infra.outside.breaker import CLOSED, OPEN
from infra.processes.cashier import READ, Cashier

MANY = [UUID(int=nth) for nth in range(1, 5_001)]


@pytest.fixture
def cashier(monkeypatch: pytest.MonkeyPatch) -> Cashier:
    """Who leads while the provider is away, and counts the payments it is at."""
    found = Cashier(SimpleNamespace(settings=SimpleNamespace(payment_concurrency=200)), None, None, SimpleNamespace(state=OPEN))

    async def settle(_: UUID) -> None:
        found.asked += 1

    monkeypatch.setattr(found, "_settle", settle)
    found.leads = True
    for payment_id in MANY:
        found._take(payment_id)
    return found


async def test_while_it_is_away_they_wait_without_a_task_or_a_timer_each(cashier: Cashier):
    cashier._wake()
    await asyncio.sleep(0)
    assert (cashier.waiting, len(cashier._busy), len(cashier._timers), cashier.asked) == (len(MANY), 0, 0, 0)


async def test_one_tries_whether_it_is_back_and_then_all_go_on(cashier: Cashier):
    cashier.breaker.state = "half-open"
    cashier._wake()
    await asyncio.sleep(0)
    assert cashier.asked == 1
    cashier.breaker.state = CLOSED
    for _ in range(len(MANY) // READ):
        cashier._wake()
        await asyncio.sleep(0)
    assert (cashier.asked, len(cashier._resting)) == (len(MANY), 0)
