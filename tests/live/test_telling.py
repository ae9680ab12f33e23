"""What is told of an event, and to whom, decided without any server."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from api.live.channel import UnknownChannel, read
from api.live.circles import Circles
from api.live.line import BYTES, MESSAGES, TOO_SLOW, Line
from api.live.message import Frame, Message
from api.live.switchboard import tell
from api.live.tasks import TASKS
from api.live.tell import Told, tell_of
from api.shared.proof import Proof
from application.shared.context import Caller
from domain.shared.event import Event, Recorded
from domain.tasks import events as e
from domain.tasks.audience import Audience

ADA, BOB, TASK, PROJECT, OTHER = (UUID(int=nth) for nth in range(1, 6))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Written:
    """A log of one stream, as circles read it."""

    def __init__(self, *events: Event) -> None:
        self.events = [Recorded(nth, TASK, nth, event, ADA, NOON) for nth, event in enumerate(events, 1)]
        self.reads = 0

    async def streams(self, ids: Sequence[UUID], upto: int) -> list[Recorded[Any]]:
        self.reads += 1
        return [one for one in self.events if one.stream_id in ids and one.position <= upto]


MADE = e.TaskCreated(at=NOON, owner_id=ADA, title="Sweep", project_id=PROJECT)
WATCHED = e.TaskWatcherAdded(at=NOON, user_id=BOB, project_id=PROJECT)
UNWATCHED = e.TaskWatcherRemoved(at=NOON, user_id=BOB, project_id=PROJECT)
MOVED = e.TaskMoved(at=NOON, project_id=OTHER, from_project_id=PROJECT)
DONE = e.TaskCompleted(at=NOON, project_id=OTHER)


async def topics(log: Written, begin: int) -> list[set[str]]:
    """Whom each event after a position is told, in parts of two."""
    circles, found = Circles(log, begin), []  # type: ignore[arg-type]  # A twin of the feed.
    for at in range(begin, len(log.events), 2):
        part = log.events[at : at + 2]
        await circles.prepare(part)
        for recorded in part:
            told = tell_of(type(recorded.event)).says(circles.advance(recorded))
            found.append(told.to)
    return found


async def test_an_event_concerns_the_same_people_wherever_one_begins_to_listen():
    log = Written(MADE, WATCHED, UNWATCHED, MOVED, DONE)
    whole = await topics(log, 0)
    assert log.reads == 0
    for begin in range(1, 5):
        assert await topics(log, begin) == whole[begin:]
    assert [f"tasks:{BOB}" in one for one in whole] == [False, True, True, False, False]
    assert [{f"project:{PROJECT}", f"project:{OTHER}"} & one for one in whole[2:]] == [
        {f"project:{PROJECT}"},
        {f"project:{PROJECT}", f"project:{OTHER}"},
        {f"project:{OTHER}"},
    ]


async def test_a_circle_is_known_just_before_and_just_after_an_event():
    circles = Circles(Written(MADE, WATCHED, UNWATCHED), 2)  # type: ignore[arg-type]  # A twin of the feed.
    await circles.prepare(Written(MADE, WATCHED, UNWATCHED).events[2:])
    circles.advance(Written(MADE, WATCHED, UNWATCHED).events[2])
    assert (await circles.before(Audience, TASK)).watcher_ids == (BOB,)
    assert (await circles.now(Audience, TASK)).watcher_ids == ()


@pytest.mark.parametrize(("cursor", "since"), [(2, 0), (0, 2)])
async def test_what_a_client_heard_already_from_a_process_that_is_ahead_is_not_told_again(cursor, since):
    log, line = Written(MADE, WATCHED, UNWATCHED, MOVED, DONE), Line(Caller(ADA, "user"), Proof("", "", None))
    line.cursor = cursor
    wish = replace(read("tasks", line.caller), since=since)
    circles = Circles(log, 0)  # type: ignore[arg-type]  # A twin of the feed.
    await circles.prepare(log.events)
    for recorded in log.events:
        await tell(circles.advance(recorded), {wish.topic: {line: wish}}, circles)
    assert [frame.position for frame in line.take()] == [3, 4, 5]


def test_who_hears_through_the_same_channels_shares_one_message():
    message = Message("task.created", Written(MADE).events[0], Told(TASK, {"title": "Sweep"}, TASKS.topics(ADA)))
    one = message.through(("tasks",))
    assert message.through(("tasks",)) is one
    assert message.through(("all",)) is not one
    assert one.as_event() is one.as_event()
    assert one.as_event().startswith(b"id: 1\nevent: task.created\ndata: {")


@pytest.mark.parametrize("name", ["", "task", "task:", "task:7", "tasks:all", "all:", "task:" + "x" * 5000, f"tasks:{ADA}", f"node:{ADA}"])
def test_what_is_no_channel_is_none(name):
    with pytest.raises(UnknownChannel):
        read(name, Caller(ADA, "user"))


async def test_what_waits_for_a_client_is_bounded_by_number_and_size():
    for size, most in ((1, MESSAGES), (10_000, BYTES // 10_000)):
        line = Line(Caller(ADA, "user"), Proof("", "", None))
        for nth in range(most):
            line.put(Frame("task.created", nth, "x" * size))
        assert line.ending is None
        line.put(Frame("task.created", most, "x" * size))
        assert line.ending is not None
        assert line.ending.close == TOO_SLOW
        assert line.is_empty
