"""What one process has heard of the log is never more than a hint."""

from datetime import UTC, datetime
from uuid import UUID

from infra.broker.chunk import Announced, Chunk
from infra.projection.checkpoint import Checkpoint
from infra.projection.hub import Hub

LOG, OTHER, STREAM = UUID(int=1), UUID(int=2), UUID(int=3)


def heard(first: int, last: int, log: UUID = LOG) -> Chunk:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Chunk(log, first, last, last, [Announced(nth, STREAM, nth, "of.another.time", b"{}", b"{}", None, at) for nth in range(first, last + 1)])


def positions(hub: Hub, after: int) -> list[int]:
    return [recorded.position for recorded in hub.after(after, 100)]


def test_chunks_that_come_twice_late_or_after_a_hole_leave_one_contiguous_window():
    hub = Hub(LOG)
    for chunk in (heard(1, 3), heard(1, 3), heard(2, 5), heard(1, 1), heard(9, 10), heard(6, 8), heard(10, 11)):
        hub.receive(chunk)
    assert positions(hub, 8) == [9, 10, 11]
    assert positions(hub, 5) == []  # A hole: whoever stands there asks the log.
    assert hub.head == 11


def test_a_log_that_lost_its_tail_leaves_nothing_of_it_in_the_window():
    hub = Hub(LOG)
    hub.receive(heard(1, 10))
    hub.restart(Checkpoint(LOG, 6))
    assert (hub.head, positions(hub, 6)) == (6, [])
    hub.receive(heard(7, 8))
    assert positions(hub, 6) == [7, 8]


def test_another_log_leaves_nothing_of_the_one_before_in_the_window():
    hub = Hub(LOG)
    hub.receive(heard(1, 10))
    hub.told(Checkpoint(OTHER, 4))
    assert (hub.head, positions(hub, 4)) == (4, [])
    hub.receive(heard(5, 6))
    assert hub.head == 4
    hub.receive(heard(5, 6, OTHER))
    assert positions(hub, 4) == [5, 6]
