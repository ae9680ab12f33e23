"""Every night the books and the stock are verified by one of the clocks, in a process of its own; what is wrong is named."""

import asyncio
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest

from api.shared.health import Health
from infra.cancellation import ended
from infra.postgres.connections import SESSION
from infra.processes.verifying import Nightly, Verdict, in_a_process, next_night
from infra.reconciliation.ledger import reconcile
from tests.eventually import eventually
from tests.http.daybook import own_api
from tests.payments.shopping import buy, ends
from tests.tampering import edited, tampered

__all__ = ["own_api"]
RIGHT = [Verdict("ledger"), Verdict("stock")]


def on(hour, minute=0, day=1):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "night"),
    [(on(2, 59), on(3)), (on(3), on(3, day=2)), (on(23, 59), on(3, day=2)), (on(0), on(3)), (on(3, day=31), datetime(2026, 4, 1, 3, tzinfo=UTC))],
)
def test_the_next_night_is_the_next_time_it_is_so_late(now, night):
    assert next_night(now, "03:00") == night


def leases(api, change="", *values):
    with psycopg.connect(api.system.settings.database_url, autocommit=True, options=SESSION) as connection:
        if change:
            connection.execute(change.encode(), values)
        row = connection.execute("select held_until from leases where name = 'verifying'").fetchone()
        return None if row is None else row[0]


@pytest.fixture
def comes(api):
    """The night is there."""
    leases(api, "delete from leases where name = 'verifying'")
    return lambda: leases(api, "update leases set held_until = clock_timestamp() - interval '1 second' where name = 'verifying'")


@pytest.mark.server
async def test_each_night_one_clock_does_it(api, comes):
    asked = []

    async def verify(settings):
        asked.append(settings)
        await asyncio.sleep(0)
        return RIGHT

    clocks = [Nightly(api.system, Health("clock"), verify) for _ in range(3)]
    assert [await clock.look() for clock in clocks] == [False] * 3, "not before the first night"
    night = leases(api)
    assert night == next_night(api.system.log.now(), "03:00")
    comes()
    assert sorted(await asyncio.gather(*(clock.look() for clock in clocks))) == [False, False, True]
    assert (len(asked), leases(api)) == (1, night)
    assert [await clock.look() for clock in clocks] == [False] * 3


@pytest.mark.server
async def test_a_night_that_could_not_be_finished_is_done_again_within_the_hour(api, comes):
    async def dies(_):
        raise OSError("killed")

    await Nightly(api.system, Health("clock"), dies).look()
    comes()
    with pytest.raises(OSError, match="killed"):
        await Nightly(api.system, Health("clock"), dies).look()
    assert (leases(api) - api.system.log.now()).total_seconds() == pytest.approx(3600, abs=30)


async def told_by_a_clock_started_since(api):
    health = Health("clock")
    clock = Nightly(api.system, health)
    starting = asyncio.create_task(clock.run())

    async def knows():
        return (await health.report())[1]["checks"] if clock.at else None

    try:
        return await eventually(knows)
    finally:
        await ended(starting)


@pytest.mark.server
async def test_what_is_wrong_is_named_and_looked_at_again_within_the_hour(api, comes, module_database):
    order = await ends(api.system, (await buy(api.system, 500)).id, "completed")

    async def quiet():
        told = await reconcile(api.system.settings)
        return told.is_right and told.under_way == 0 and told.position == (await api.system.reader.head()).position

    await eventually(quiet, 20)
    health = Health("clock")
    nightly = Nightly(api.system, health)
    await nightly.look()
    comes()
    with tampered(module_database, edited("order.completed", order.id, '"amount":500', '"amount":400')):
        assert await nightly.look()
    ready, report = await health.report()
    assert (ready, report["status"]) == (True, "warn"), "deadlines are kept all the same"
    assert str(order.id) in report["checks"]["ledger"]
    assert (report["checks"]["stock"], nightly.found["ledger"].wrong > 0) == ("ok", True)
    assert (leases(api) - api.system.log.now()).total_seconds() == pytest.approx(3600, abs=60)
    assert await told_by_a_clock_started_since(api) == report["checks"], "whoever is started since knows it too"
    comes()
    assert await nightly.look()
    assert (await health.report())[1]["checks"] == await told_by_a_clock_started_since(api) == {"ledger": "ok", "stock": "ok"}
    assert leases(api) == next_night(api.system.log.now(), "03:00")


@pytest.mark.server
async def test_what_cannot_be_verified_says_why(api):
    told = await in_a_process(msgspec.structs.replace(api.system.settings, database_url="postgresql://nobody@127.0.0.1:1/none"))
    assert [verdict.trouble.split(":")[0] for verdict in told] == ["PoolTimeout", "PoolTimeout"]
