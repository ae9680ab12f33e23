"""What a person prefers, and what follows from it: mentions and security are always told, quiet hours only delay."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notifications.choices import Channels, Choices, judged
from domain.notifications.hours import Digest, Every, QuietHours
from domain.notifications.kind import ALWAYS_MAILED, MAILED, PRIORITIES, Kind, Priority
from domain.shared.refused import Invalid

NIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)
KINDS = st.sampled_from(list(Kind))
CHANNELS = st.builds(Channels, in_app=st.booleans(), mail=st.booleans())
CHOICES = st.builds(
    Choices,
    channels=st.dictionaries(KINDS, CHANNELS),
    muted=st.lists(KINDS, max_size=4).map(tuple),
    min_priority=st.sampled_from(Priority),
    quiet_hours=st.none() | st.just(QuietHours("22:00", "07:00", "Europe/Berlin")),
    digest=st.builds(Digest, st.sampled_from(Every), st.integers(0, 23), st.integers(1, 7)),
)


def accepted(choices: Choices) -> bool:
    try:
        judged(choices)
    except Invalid:
        return False
    return True


def test_who_says_nothing_is_shown_everything_and_mailed_what_is_about_them():
    ways = {kind: Choices().way(kind, NIGHT) for kind in Kind}
    assert all(way.in_app for way in ways.values())
    assert {kind for kind, way in ways.items() if way.mail} == MAILED
    assert not any(way.mail_at for way in ways.values())


@given(CHOICES.filter(accepted), KINDS, st.integers(0, 1440 * 30).map(lambda minutes: NIGHT + timedelta(minutes=minutes)))
def test_whatever_is_preferred_mentions_and_security_are_shown_and_no_mail_goes_in_quiet_hours(choices, kind, now):
    way = judged(choices).way(kind, now)
    if kind in {Kind.MENTION, Kind.SECURITY}:
        assert way.in_app
    if kind in choices.muted or (kind not in {Kind.MENTION, Kind.SECURITY} and not PRIORITIES[kind].reaches(choices.min_priority)):
        assert not way
    if way.mail and choices.quiet_hours is not None:
        assert not choices.quiet_hours.hold(way.mail_at or now)
    assert way.mail_at is None or way.mail_at > now
    assert way.in_digest is (way.mail and choices.digest.every is not Every.OFF)


@pytest.mark.parametrize(
    ("choices", "pointer", "code"),
    [
        (Choices(muted=(Kind.TASK_UPDATED, Kind.MENTION)), "/muted/1", "not_mutable"),
        (Choices(muted=(Kind.SECURITY,)), "/muted/0", "not_mutable"),
        (Choices(channels={Kind.MENTION: Channels(in_app=False, mail=True)}), "/channels/mention", "not_mutable"),
        (Choices(channels={Kind.SECURITY: Channels(in_app=True, mail=False)}), "/channels/security", "not_mutable"),
        (Choices(channels={Kind.PROJECT_INVITATION: Channels(in_app=False, mail=False)}), "/channels/project_invitation", "not_mutable"),
        (Choices(quiet_hours=QuietHours("08:00", "08:00")), "/quiet_hours/to", "never_ends"),
        (Choices(quiet_hours=QuietHours("08:00", "09:00", "Mars/Olympus")), "/quiet_hours/time_zone", "unknown_time_zone"),
        (Choices(digest=Digest(Every.DAILY, time_zone="Europe")), "/digest/time_zone", "unknown_time_zone"),
    ],
)
def test_what_cannot_be_chosen(choices, pointer, code):
    with pytest.raises(Invalid) as refused:
        judged(choices)
    assert [(error["pointer"], error["code"]) for error in refused.value.facts["errors"]] == [(pointer, code)]


def test_mail_about_a_mention_may_be_turned_off_and_security_never():
    none = Choices().without_mail(*Kind)
    assert {kind for kind in Kind if none.wants_mail(kind)} == ALWAYS_MAILED
    assert none.way(Kind.MENTION, NIGHT).in_app
    assert judged(none) == judged(judged(none)), "what is chosen can be chosen again"


def test_a_digest_that_falls_into_quiet_hours_comes_after_them():
    choices = Choices(quiet_hours=QuietHours("22:00", "09:00"), digest=Digest(Every.DAILY, 6))
    way = choices.way(Kind.MENTION, NIGHT)
    assert (way.mail_at, way.in_digest) == (datetime(2026, 11, 21, 9, tzinfo=UTC), True)
    assert choices.way(Kind.MENTION, NIGHT + timedelta(hours=11)).mail_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
