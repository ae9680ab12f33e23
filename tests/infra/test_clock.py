"""The clock: one deadline that cannot be kept is no reason not to keep the others."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import msgspec
import psycopg
import pytest

from infra.processes.clock import Clock
from infra.projection.deadline_model import DeadlineRow

ROW = DeadlineRow(UUID(int=1), datetime(2026, 3, 1, tzinfo=UTC), "NoSuchCommand", msgspec.Raw(b"{}"), 1)
KNOWN = msgspec.structs.replace(ROW, command="ExpireReservation", arguments=msgspec.Raw(msgspec.json.encode({"order_id": UUID(int=2), "round": 1})))
MODEL = SimpleNamespace(name="deadlines")


def clock(failure: Exception | None) -> Clock:
    """Where what is dispatched fails so."""

    async def dispatch(*_: object) -> None:
        if failure is not None:
            raise failure

    return Clock(SimpleNamespace(dispatch=dispatch, me="me"))


async def test_what_fails_for_a_reason_of_its_own_stops_nothing_else():
    one = clock(None)
    await one._fire(MODEL, ROW)
    await one._fire(MODEL, KNOWN)
    assert one.fired == 1
    await clock(KeyError("a fault"))._fire(MODEL, KNOWN)


async def test_a_database_that_is_away_is_not_taken_for_a_deadline_that_failed():
    with pytest.raises(psycopg.OperationalError):
        await clock(psycopg.OperationalError("gone"))._fire(MODEL, KNOWN)
