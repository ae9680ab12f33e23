"""Daybook's own events through the library: its recorder reads what `append` wrote, its mapper makes and reads stored events."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import EventStore, IntegrityError, JSONTranscoder

from domain.shared.event import BY_CLASS, BY_NAME, UPCASTS, Event, EventType, Recorded, recorded_as
from infra.eventsourcing.datastore import Datastore
from infra.eventsourcing.mapper import EventMapper, Fact
from infra.eventsourcing.recorders import LogApplicationRecorder
from infra.postgres.log import PostgresLog
from tests.infra.log.proxy import Proxy
from tests.infra.log.toys import Added, added, entry, total


@recorded_as("library_toy.measured", schema=2)
class Measured(Event):
    """Something was measured; once in inches, now in metres."""

    metres: float


UPCASTS["library_toy.measured", 1] = lambda data: {"metres": data["inches"] * 0.0254}


@pytest.fixture
def recorder(empty_log):
    datastore = Datastore(empty_log.app_url)
    yield LogApplicationRecorder(datastore)
    datastore.close()


@pytest.fixture
async def log(empty_log):
    opened = PostgresLog(empty_log.app_url, readers=1)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
def mapper():
    return EventMapper(JSONTranscoder())


async def test_the_library_reads_what_daybook_wrote(log, recorder, mapper):
    stream = uuid4()
    await log.append(entry(log, added(stream, 1, 5), added(stream, 2, 7)))
    facts = await asyncio.to_thread(lambda: list(EventStore(mapper, recorder).get(stream)))
    assert facts == [Fact(stream, 1, Added(amount=5)), Fact(stream, 2, Added(amount=7))]
    notifications = await asyncio.to_thread(recorder.select_notifications, 1, 10)
    assert [(one.id, one.topic, one.state) for one in notifications] == [
        (1, "log_toy.added", b'{"amount":5}'),
        (2, "log_toy.added", b'{"amount":7}'),
    ]
    assert [mapper.to_domain_event(one) for one in notifications] == facts


async def test_both_doors_lead_to_one_log_with_one_order(log, recorder, mapper):
    stream, other = uuid4(), uuid4()
    first = await log.append(entry(log, added(stream, 1)))
    ids = await asyncio.to_thread(recorder.insert_events, [mapper.to_stored_event(Fact(other, 1, Added(amount=3)))])
    third = await log.append(entry(log, added(other, 2)))
    assert [first.position, *ids, third.position] == [1, 2, 3]
    assert await total(log, other) == (4, 2)
    with pytest.raises(IntegrityError):
        await asyncio.to_thread(recorder.insert_events, [mapper.to_stored_event(Fact(stream, 1, Added()))])


def test_an_event_has_its_pinned_name_and_not_its_import_path(mapper):
    recorded = Recorded(9, stream := uuid4(), 4, Added(amount=2), None, datetime.now(UTC))
    stored = mapper.to_stored_event(recorded)
    assert (stored.originator_id, stored.originator_version, stored.topic, stored.state) == (stream, 4, "log_toy.added", b'{"amount":2}')
    assert mapper.to_domain_event(stored) == Fact(stream, 4, Added(amount=2))


def test_an_old_shape_that_went_through_the_library_becomes_todays(recorder, mapper, monkeypatch):
    stream = uuid4()
    with monkeypatch.context() as past:

        class Inches(Event):
            inches: float

        past.setitem(BY_CLASS, Inches, EventType("library_toy.measured", 1, Inches))
        past.setitem(BY_NAME, "library_toy.measured", BY_CLASS[Inches])
        recorder.insert_events([mapper.to_stored_event(Fact(stream, 1, Inches(inches=100)))])
    recorder.insert_events([mapper.to_stored_event(Fact(stream, 2, Measured(metres=3)))])
    for stored in (recorder.select_events(stream), recorder.select_notifications(1, 10)):
        assert [mapper.to_domain_event(one).event for one in stored] == [Measured(metres=2.54), Measured(metres=3)]


async def test_the_librarys_write_whose_answer_was_lost_is_no_false_conflict(empty_log, mapper):
    stream = uuid4()
    async with Proxy(empty_log.app_url).running() as proxy:
        datastore = Datastore(proxy.url, size=1)
        recorder = LogApplicationRecorder(datastore)
        try:
            for _ in range(2):  # from the second call on one request is one call of `record`
                await asyncio.to_thread(recorder.insert_events, [mapper.to_stored_event(Fact(uuid4(), 1, Added()))])
            proxy.lose_answer()
            assert await asyncio.to_thread(recorder.insert_events, [mapper.to_stored_event(Fact(stream, 1, Added()))]) == [3]
            assert proxy.cuts == 1
            assert len(await asyncio.to_thread(recorder.select_events, stream)) == 1
        finally:
            await asyncio.to_thread(datastore.close)


def test_an_application_may_use_daybooks_mapper(empty_log):
    env = {
        "PERSISTENCE_MODULE": "infra.eventsourcing.factory",
        "DATABASE_URL": empty_log.app_url,
        "MAPPER_TOPIC": "infra.eventsourcing.mapper:EventMapper",
    }
    with Application(env=env) as application:
        application.events.put([Fact(stream := uuid4(), 1, Added(amount=8))])
        assert list(application.events.get(stream)) == [Fact(stream, 1, Added(amount=8))]
