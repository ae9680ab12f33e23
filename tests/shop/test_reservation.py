"""A reservation goes one way: made, then secured and sold, or over; once it is over, nothing brings it back."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.shop import events as e
from domain.shop.errors import ReservationNotDue
from domain.shop.reservation import OVER, Reservation, ReservationStatus, reservation_id
from tests.scenario import NOON, given

ORDER, LAMP = UUID(int=80), UUID(int=70)
LATER = NOON + timedelta(minutes=15)
FRESH = Reservation(id=reservation_id(ORDER, 1))
OF = {"reservation_id": FRESH.id, "order_id": ORDER, "round": 1, "at": NOON}
MADE = FRESH.after(e.ReservationMade(**OF, until=LATER))
SECURED = MADE.after(e.ReservationSecured(**OF))
SOLD = SECURED.after(e.ReservationCommitted(**OF))
WAYS = {
    "make": lambda one: one.make(ORDER, 1, LATER, NOON),
    "refuse": lambda one: one.refuse(ORDER, 1, {LAMP: 2}, NOON),
    "secure": lambda one: one.secure(NOON, held=True),
    "lose": lambda one: one.secure(NOON, held=False),
    "expire": lambda one: one.expire(LATER),
    "release": lambda one: one.release(ORDER, 1, NOON),
    "commit": lambda one: one.commit(NOON),
    "take back": lambda one: one.take_back({LAMP: 1}, NOON),
}


def test_each_try_of_an_order_has_a_reservation_of_its_own():
    assert len({ORDER, reservation_id(ORDER, 1), reservation_id(ORDER, 2)}) == 3


def test_it_expires_when_its_time_has_come_unless_it_is_secured():
    given(MADE).when(lambda one: one.expire(NOON)).refused(ReservationNotDue)
    given(MADE).when(lambda one: one.expire(LATER)).then_a(e.ReservationExpired)
    given(SECURED).when(lambda one: one.expire(LATER)).nothing()


def test_what_is_not_all_held_any_more_cannot_be_secured():
    assert given(MADE).when(lambda one: one.secure(NOON, held=False)).then_a(e.ReservationExpired).status is ReservationStatus.EXPIRED


def test_only_what_is_secured_is_sold_and_only_what_is_sold_comes_back_once():
    given(MADE).when(lambda one: one.commit(NOON)).nothing()
    given(SECURED).when(WAYS["take back"]).nothing()
    after = given(SOLD).when(WAYS["take back"]).then_a(e.ReservationReturned, returned={LAMP: 1})
    given(after).when(WAYS["take back"]).nothing()


def test_old_news_of_what_came_back_undoes_nothing():
    """It was decided on the order before somebody gave it back: taken for news, the same piece would come back twice."""
    after = given(SOLD).when(WAYS["take back"]).then_a(e.ReservationReturned, returned={LAMP: 1})
    given(after).when(lambda one: one.take_back({}, NOON)).nothing()


def test_what_is_released_before_it_was_made_is_never_made():
    after = given(FRESH).when(WAYS["release"]).then_a(e.ReservationReleased)
    given(after).when(WAYS["make"]).nothing()


@pytest.mark.parametrize("way", WAYS)
def test_told_twice_nothing_new_happens(way):
    for one in (FRESH, MADE, SECURED, SOLD):
        after = one.after(*WAYS[way](one))
        given(after).when(WAYS[way]).nothing()


@for_all(st.lists(st.sampled_from(list(WAYS)), max_size=12))
def test_what_is_over_stays_as_it_is(ways):
    one = FRESH
    for way in ways:
        before, one = one, one.after(*WAYS[way](one))
        assert one.status is before.status or before.status not in OVER
        assert (one.status is ReservationStatus.COMMITTED) <= (before.status in {ReservationStatus.SECURED, ReservationStatus.COMMITTED})
