"""Ten incidents of a minute are facts one by one; those beyond are one fact with their number."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.audit import incidents
from application.audit.incident import NoteFailedSignIn, NoteRefusal
from application.audit.incidents import Incidents
from application.shared.context import SYSTEM, Context
from domain.audit.events import PermissionRefused, SignInFailed, SummedUp
from domain.shared.refused import Overloaded
from tests.scenario import NOON, NamesOnly, World

MOST = 10
ANN, BOB = UUID(int=0xA1), UUID(int=0xB0)
HOME = NamesOnly.hmac("address", "198.51.100.7").hex()


def refusal(caller: UUID = ANN) -> NoteRefusal:
    return NoteRefusal(operation="list_users", code="insufficient_role", address="198.51.100.7", role="user", caller_id=caller)


def failed(address: str = "198.51.100.7", **more) -> NoteFailedSignIn:
    return NoteFailedSignIn(operation="log_in", code="invalid_credentials", address=address, **more)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def noting(world) -> Incidents:
    return Incidents(world.dispatch, lambda trace: Context(SYSTEM, world.new_id(), trace_id=trace), world.log.now)


def facts(world: World, kind: type) -> list:
    return [recorded.event for recorded in world.recorded if isinstance(recorded.event, kind)]


async def test_each_of_the_first_ten_is_a_fact_in_a_stream_of_its_own(world, noting):
    for _ in range(MOST):
        await noting.note(refusal())
    assert len(facts(world, PermissionRefused)) == len({recorded.stream_id for recorded in world.recorded}) == MOST
    assert facts(world, PermissionRefused)[0].caller_id == ANN


async def test_those_beyond_are_summed_up_when_the_minute_is_over(world, noting):
    for _ in range(MOST + 7):
        await noting.note(refusal())
    world.later(seconds=59)
    await noting.sum_up()
    assert facts(world, SummedUp) == []
    world.later(seconds=1)
    await noting.sum_up()
    minute = {"since": NOON, "until": NOON + timedelta(minutes=1)}
    assert facts(world, SummedUp) == [SummedUp(kind="permission_refused", caller_id=ANN, count=7, **minute)]
    await noting.note(refusal())
    assert len(facts(world, PermissionRefused)) == MOST + 1


async def test_a_minute_with_little_in_it_is_not_summed_up(world, noting):
    await noting.note(refusal())
    world.later(minutes=2)
    await noting.sum_up()
    assert len(world.recorded) == 1


async def test_callers_and_kinds_are_counted_apart(world, noting):
    for _ in range(MOST):
        await noting.note(refusal(ANN))
        await noting.note(refusal(BOB))
        await noting.note(failed())
    assert len(world.recorded) == 3 * MOST


async def test_the_end_of_the_process_loses_nothing(world, noting):
    for _ in range(MOST + 3):
        await noting.note(failed())
    noting.note_soon(refusal())
    world.later(seconds=5)
    await noting.sum_up(everything=True)
    assert len(facts(world, PermissionRefused)) == 1
    assert facts(world, SummedUp) == [
        SummedUp(kind="sign_in_failed", address=HOME, count=3, since=NOON, until=NOON + timedelta(seconds=5))
    ]  # fmt: skip


async def test_what_could_not_be_written_is_counted_and_told_later(world, noting, monkeypatch):
    async def refuse(*_):
        raise Overloaded

    append = world.log.append
    monkeypatch.setattr(world.log, "append", refuse)
    await noting.note(refusal())
    world.later(minutes=1)
    await noting.sum_up()
    assert world.recorded == []
    monkeypatch.setattr(world.log, "append", append)
    world.later(minutes=1)
    await noting.sum_up()
    (told,) = facts(world, SummedUp)
    assert (told.count, told.since) == (1, NOON)


async def test_of_more_callers_than_can_be_remembered_the_rest_is_counted_together(world, noting, monkeypatch):
    monkeypatch.setattr(incidents, "REMEMBERED", 3)
    for host in range(8):
        await noting.note(failed(f"198.51.100.{host}"))
    world.later(minutes=1)
    await noting.sum_up()
    assert len(facts(world, SignInFailed)) == 3
    assert [(told.address, told.count) for told in facts(world, SummedUp)] == [("", 5)]


async def test_address_and_name_stand_there_only_as_hmac_and_a_name_only_where_it_is_nobodys(world, noting):
    name = NamesOnly.hmac("sign-in", "nobody@example.org")
    await noting.note(failed(account=name))
    await noting.note(failed(account=name, account_id=ANN))
    unknown, known = facts(world, SignInFailed)
    assert (unknown.address, unknown.account, unknown.account_id) == (HOME, name.hex(), None)
    assert (known.address, known.account, known.account_id) == (HOME, "", ANN)
