"""What time and number end: too many sessions, idle ones, and those whose time has come."""

import pytest

from application.identity.session import Challenged
from application.identity.sessions import EndExpiredSession, EndMySessions, expiry
from application.shared.context import SYSTEM, Caller
from domain.identity.errors import InvalidToken, TokenExpired
from domain.shared.event import Recorded
from tests.identity.small_daybook import LIFETIME, Identity


def ended(identity: Identity) -> list[tuple[object, str]]:
    events = [recorded.event for recorded in identity.log.recorded]
    return [(event.session_id, event.reason) for event in events if type(event).__name__ == "SessionEnded"]


async def test_the_oldest_session_gives_way_to_one_too_many(identity):
    identity.settings.session_max_per_user = 2
    first, second = await identity.register(), await identity.log_in()
    assert ended(identity) == []
    third = await identity.log_in()
    assert ended(identity) == [(first.session_id, "too_many")]
    with pytest.raises(InvalidToken):
        await identity.refresh(first.refresh_token)
    for kept in (second, third):
        await identity.refresh(kept.refresh_token)


async def test_sessions_that_are_over_are_not_counted(identity):
    identity.settings.session_max_per_user = 2
    first = await identity.register()
    me = Caller(first.person.id, "user", first.session_id)
    identity.later(1)
    await identity.ask(EndMySessions(), me)
    identity.later(1)
    await identity.log_in()
    await identity.log_in()
    assert ended(identity) == []
    identity.later(LIFETIME)
    for _ in range(2):
        assert not isinstance(await identity.log_in(), Challenged)
    assert ended(identity) == []


async def test_any_number_of_sessions_may_be_open_where_none_is_set(identity):
    await identity.register()
    for _ in range(5):
        await identity.log_in()
    assert ended(identity) == []
    assert "SessionAdmitted" not in identity.facts()


async def test_a_session_that_was_not_refreshed_for_too_long_is_over(identity):
    identity.settings.session_idle = 1800
    signed_in = await identity.register()
    identity.later(1799)
    fresh = await identity.refresh(signed_in.refresh_token)
    identity.later(1800)
    with pytest.raises(TokenExpired):
        await identity.refresh(fresh.refresh_token)


def due(identity: Identity) -> list[Recorded]:
    rows = {}
    for recorded in identity.log.recorded:
        if type(recorded.event).__name__ in {"SessionOpened", "SessionEnded"}:
            rows[recorded.stream_id] = expiry(recorded.stream_id, rows.get(recorded.stream_id), recorded)
    return [row.command for row in rows.values() if row is not None and row.due_at <= identity.time]


async def test_a_session_ends_when_its_time_has_come_and_not_before(identity):
    signed_in = await identity.register()
    await identity.ask(EndExpiredSession(session_id=signed_in.session_id), SYSTEM)
    assert ended(identity) == []
    identity.later(LIFETIME - 1)
    assert due(identity) == []
    identity.later(1)
    for command in due(identity):
        await identity.ask(command, SYSTEM)
    assert ended(identity) == [(signed_in.session_id, "expired")]
    assert due(identity) == []
    assert ("refresh", signed_in.session_id) not in identity.log.vault


async def test_a_session_that_has_ended_cannot_be_spared_and_so_come_back(identity):
    thief, owner = await identity.register(), await identity.log_in()
    identity.later(1)
    await identity.ask(EndMySessions(keep_current=True), Caller(owner.person.id, "user", owner.session_id))
    with pytest.raises(InvalidToken):
        await identity.ask(EndMySessions(keep_current=True), Caller(thief.person.id, "user", thief.session_id))
    await identity.refresh(owner.refresh_token)
    with pytest.raises(InvalidToken):
        await identity.refresh(thief.refresh_token)
