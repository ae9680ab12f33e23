"""A reader waits for what was there when they asked, not for what happens meanwhile."""

from types import SimpleNamespace

import pytest

from infra.postgres.tables import PostgresTables
from projections.shared.reading import Freshness, ProjectionBehind
from projections.shop.products import PRODUCTS

WIDTH = len(PRODUCTS.row.__struct_fields__)


def tables(lag: int, waits: list[float]) -> PostgresTables:
    """A model that is always `lag` events behind, of which each moment brings one more."""

    async def reads(*_: object) -> list[tuple[object, ...]]:
        position = 100 + len(waits)
        return [(position, "live", position + lag, False, position + lag, *[None] * WIDTH)]

    async def following(_: object, timeout: float) -> None:
        waits.append(timeout)

    return PostgresTables(reads, SimpleNamespace(next=following))  # type: ignore[arg-type]  # parts of them are enough here


async def test_a_catalogue_in_which_something_happens_all_the_time_is_still_shown():
    waits = list[float]()
    seen = await tables(3, waits).many(PRODUCTS, "where true", (), Freshness(of_anybody=True))
    assert (seen.position, len(waits)) == (103, 3)


async def test_one_that_does_not_move_is_behind(monkeypatch):
    monkeypatch.setattr("infra.postgres.tables.PATIENCE", 0)
    with pytest.raises(ProjectionBehind):
        await tables(3, []).many(PRODUCTS, "where true", (), Freshness(of_anybody=True))
