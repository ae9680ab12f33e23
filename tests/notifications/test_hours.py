"""Quiet hours and digests by the clocks on walls, also on the days on which these change."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notifications.hours import Digest, Every, QuietHours, zone_of

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"])
CLOCK = st.times(max_value=time(23, 59)).map(lambda one: one.strftime("%H:%M"))
MOMENTS = st.integers(0, 26 * 366 * 1440).map(lambda minutes: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
CHANGES = st.sampled_from([datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC)])
NEAR_CHANGES = st.builds(lambda at, by: at + timedelta(minutes=by), CHANGES, st.integers(-1500, 1500))
QUIET = st.builds(QuietHours, CLOCK, CLOCK, ZONES).filter(lambda quiet: quiet.start != quiet.end)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone_of("Europe/Berlin")).astimezone(UTC)


@given(QUIET, MOMENTS | NEAR_CHANGES)
def test_after_quiet_hours_it_is_not_quiet_and_nothing_waits_longer_than_a_day_and_the_change_of_clocks(quiet, moment):
    over = quiet.over(moment)
    assert not quiet.hold(over)
    assert (over == moment) is not quiet.hold(moment)
    assert timedelta(0) <= over - moment <= timedelta(hours=26 if quiet.time_zone != "Pacific/Apia" else 50)


@given(QUIET, MOMENTS | NEAR_CHANGES, st.integers(0, 1440))
def test_quiet_hours_keep_the_order_of_moments(quiet, moment, minutes):
    assert quiet.over(moment) <= quiet.over(moment + timedelta(minutes=minutes))


DIGESTS = st.builds(Digest, st.sampled_from([Every.DAILY, Every.WEEKLY]), st.integers(0, 23), st.integers(1, 7), ZONES)


@given(DIGESTS, MOMENTS | NEAR_CHANGES)
def test_a_digest_comes_after_now_once_a_day_or_week_at_its_hour(digest, moment):
    due = digest.next_after(moment)
    again = digest.next_after(due)
    period = timedelta(days=1 if digest.every is Every.DAILY else 7)
    odd = timedelta(days=1, hours=1) if digest.time_zone == "Pacific/Apia" else timedelta(hours=1)
    assert timedelta(0) < due - moment <= period + odd
    assert period - odd <= again - due <= period + odd
    local = due.astimezone(zone_of(digest.time_zone))
    if local.hour == digest.hour:
        assert local.minute == 0
    if digest.every is Every.WEEKLY and digest.time_zone != "Pacific/Apia":
        assert local.isoweekday() == digest.weekday


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-11-20T21:59", "2026-11-20T21:59"),
        ("2026-11-20T22:00", "2026-11-21T07:00"),
        ("2026-11-21T03:00", "2026-11-21T07:00"),
        ("2026-11-21T07:00", "2026-11-21T07:00"),
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # Eight hours by the clock, seven on the night it jumps.
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_over_midnight(now, over):
    assert QuietHours("22:00", "07:00", "Europe/Berlin").over(berlin(now)) == berlin(over)


def test_an_end_that_the_clocks_jump_over_or_show_twice():
    quiet = QuietHours("22:00", "02:30", "Europe/Berlin")
    assert quiet.over(berlin("2026-03-29T01:00")) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert quiet.over(datetime(2026, 10, 25, 0, 15, tzinfo=UTC)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 2:15 for the second time
    assert quiet.over(second) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "/etc/passwd", "Europe/Berlin\0", "x" * 300])
def test_what_is_no_time_zone_is_none(name):
    assert zone_of(name) is None
