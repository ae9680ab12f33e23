"""The shop's checkers on real processes that are wrong on purpose: what passes elsewhere must fail here."""

import re
from collections.abc import Iterator

import msgspec
import pytest

from infra.app import ensure_admin
from infra.postgres.migrate import migrate
from tests.eventually import eventually
from tests.faults.conftest import settings_for
from tests.faults.daybook import Daybook
from tests.faults.people import people
from tests.faults.shop_checks import Wrong
from tests.faults.shoppers import Shop

TIMES_OUT_BUT_IS_CHARGED = 900_000_002
SABOTAGES = {
    "consumers_that_sell_what_is_held": (500, 16, "are on hand and"),
    # One order: after a few answers that do not come the provider would be left alone.
    "consumers_that_ask_again": (TIMES_OUT_BUT_IS_CHARGED, 1, "was done twice"),
}


@pytest.fixture
def own(nursery, servers, fresh_database) -> Iterator[Daybook]:
    """A Daybook of its own for each."""
    migrate(fresh_database.owner_url)
    settings = msgspec.structs.replace(settings_for(servers, fresh_database, servers.empty_redis()), payment_duration=0, backoff_delay=10)
    made = Daybook(nursery, settings)
    ensure_admin(settings)
    made.all("serve", "relay")
    yield made
    made.stop()


@pytest.mark.parametrize(("sabotage", "price", "orders", "seen"), [(name, *told) for name, told in SABOTAGES.items()])
async def test_the_shops_checkers_turn_red(own, sabotage, price, orders, seen):
    own.start("consumers", f"tests.faults.broken:{sabotage}").ready()
    async with people(own.settings) as crowd:
        api = own.of("serve")[0]
        shop = Shop(own, await crowd.admin(api), [await crowd.register(api) for _ in range(2)])
        product = await shop.product(3, price)
        await shop.place_all([[(product, 1)]] * orders)

        async def is_seen() -> bool:
            with pytest.raises(Wrong) as wrong:
                await shop.quiet(0.2)
            return re.search(seen, str(wrong.value)) is not None

        await eventually(is_seen, 30, seen)
