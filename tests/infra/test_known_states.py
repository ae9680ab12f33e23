"""What a process keeps of busy streams has a bound in bytes, however large single states grow."""

from uuid import UUID

import msgspec

from domain.shop.stock import Hold, Stock
from infra.postgres.known_states import MEASURED_EVERY, KnownStates


def stock(nth: int, holds: int = 0, version: int = 1) -> Stock:
    return Stock(id=UUID(int=nth), version=version, holds={UUID(int=one): Hold(UUID(int=one), 1, None) for one in range(holds)})


def kept(known: KnownStates, most: int = 10) -> list[int]:
    return [nth for nth in range(most) if known.get(Stock, UUID(int=nth)) is not None]


ROOM = 3 * len(msgspec.json.encode(stock(0)))


def test_what_has_not_changed_for_longest_makes_room():
    known = KnownStates(ROOM)
    for nth in (0, 1, 2, 0, 3):
        known.remember(Stock, stock(nth), 1, None)
    assert kept(known) == [0, 2, 3]


def test_a_large_state_takes_the_room_of_many():
    known = KnownStates(ROOM)
    for nth in range(3):
        known.remember(Stock, stock(nth), 1, None)
    known.remember(Stock, stock(3, holds=100), 1, None)
    assert kept(known) == [3], "the newest stays, however large: without it each of those who meet on it would read all of it"
    known.remember(Stock, stock(4), 1, None)
    assert kept(known) == [4]


def test_a_state_that_grew_is_measured_again_after_some_events():
    known = KnownStates(ROOM)
    known.remember(Stock, stock(0), 1, None)
    known.remember(Stock, stock(1), 1, None)
    known.remember(Stock, stock(1, holds=100, version=MEASURED_EVERY), 2, None)
    assert kept(known) == [1]


def test_what_is_forgotten_takes_no_room():
    known = KnownStates(ROOM)
    for nth in range(10):
        known.remember(Stock, stock(0), nth, None)
    known.remember(Stock, stock(1), 1, None)
    known.remember(Stock, stock(2), 1, None)
    known.forget(Stock, UUID(int=1))
    known.remember(Stock, stock(3), 1, None)
    assert kept(known) == [0, 2, 3]
