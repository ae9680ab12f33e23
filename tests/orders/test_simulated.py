"""Whatever happens in whatever order, and whoever dies meanwhile: nothing is oversold, nobody is charged twice, every order ends."""

import pytest

from tests.faults.shop_checks import Wrong
from tests.orders.broken import SABOTAGES
from tests.orders.customers import run

SEEDS, PARTS = 240, 4
ENOUGH = 400


@pytest.mark.parametrize("part", range(PARTS))
def test_it_adds_up_on_every_schedule(part):
    for seed in range(part, SEEDS, PARTS):
        try:
            run(seed).judge()
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed}: {wrong}") from wrong


@pytest.mark.parametrize(("sabotage", "seen"), SABOTAGES.items(), ids=[one.__name__ for one in SABOTAGES])
def test_the_checkers_turn_red(sabotage, seen, monkeypatch):
    sabotage(monkeypatch)
    with pytest.raises(Wrong, match=seen):
        all(run(seed).judge() is None for seed in range(ENOUGH))
