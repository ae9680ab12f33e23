"""A stock `Application` of the library, with the library's own domain model, runs on Daybook's log unchanged."""

import threading
from uuid import UUID

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    ProgrammingError,
    StoredEvent,
    Tracking,
)
from eventsourcing.system import ProcessApplication, SingleThreadedRunner, System
from eventsourcing.utils import Environment, get_topic

from infra.eventsourcing.factory import LogFactory
from infra.eventsourcing.recorders import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogTrackingRecorder,
    SnapshotRecorder,
)
from tests.eventsourcing.library import application as application_cases
from tests.eventsourcing.library import persistence as cases
from tests.eventually import until

MODULE = "infra.eventsourcing.factory"


class Dog(Aggregate):
    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


class School(Application[UUID]):
    is_snapshotting_enabled = True

    def register(self, name: str) -> UUID:
        dog = Dog(name)
        self.save(dog)
        return dog.id

    def teach(self, dog_id: UUID, trick: str) -> None:
        dog: Dog = self.repository.get(dog_id)
        dog.add_trick(trick)
        self.save(dog)


@pytest.fixture
def env(empty_log):
    return {"PERSISTENCE_MODULE": MODULE, "DATABASE_URL": empty_log.app_url}


@pytest.fixture
def school(env):
    with School(env=env) as opened:
        yield opened


def test_aggregates_are_saved_and_come_back(school):
    dog = school.register("Fido")
    school.teach(dog, "roll over")
    assert school.repository.get(dog).tricks == ["roll over"]
    assert type(school.factory) is LogFactory


def test_the_notification_log_is_the_log_by_position(school):
    dog = school.register("Fido")
    school.teach(dog, "roll over")
    section = school.notification_log["1,10"]
    assert [item.id for item in section.items] == [1, 2]
    assert [item.topic.rpartition(":")[2] for item in section.items] == ["Dog.Registered", "Dog.TrickAdded"]


def test_snapshots_stand_beside_the_log_and_are_used(school):
    dog = school.register("Fido")
    school.teach(dog, "roll over")
    school.take_snapshot(dog)
    school.teach(dog, "play dead")
    assert school.repository.get(dog).tricks == ["roll over", "play dead"]
    assert [snapshot.originator_version for snapshot in school.snapshots.get(dog)] == [2]
    assert school.recorder.max_notification_id() == 3


def test_two_that_change_one_aggregate_at_once_do_not_both_succeed(school):
    dog = school.register("Fido")
    one, other = school.repository.get(dog), school.repository.get(dog)
    one.add_trick("sit")
    other.add_trick("stay")
    school.save(one)
    with pytest.raises(IntegrityError):
        school.save(other)


def test_a_subscription_sees_what_was_and_what_comes_in_order_also_when_its_connection_is_killed(school, empty_log):
    dog = school.register("Fido")
    listeners = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query = 'listen daybook_log' and datname = %s"
    seen: list[int] = []
    with school.recorder.subscribe(gt=0) as subscription:

        def follow():
            seen.extend(notification.id for notification in subscription)

        following = threading.Thread(target=follow)
        following.start()
        until(lambda: seen == [1], what="the first event")
        for nth in range(2, 5):
            with psycopg.connect(empty_log.super_url, autocommit=True) as boss:  # A transaction would see the same backends for ever.
                assert until(lambda boss=boss: boss.execute(listeners, (empty_log.name,)).fetchone()[0], what="a listener to kill") >= 1
            school.teach(dog, f"trick {nth}")
            until(lambda nth=nth: seen == list(range(1, nth + 1)), what="the event written without a listener")
        subscription.stop()
        following.join()


def test_what_the_library_writes_is_final_and_readable_for_people_with_sql(school, empty_log):
    school.register("Fido")
    with psycopg.connect(empty_log.owner_url) as connection:
        (kind,) = connection.execute("select json_typeof(data) from daybook.event_log").fetchone()
        assert kind == "string"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from daybook.events")


class Counters(ProcessApplication[UUID]):
    def policy(self, domain_event, processing_event):
        if isinstance(domain_event, Dog.Registered) and not domain_event.name.startswith("a copy"):
            processing_event.collect_events(Dog("a copy of " + domain_event.name))


def test_a_system_of_applications_processes_every_notification_once(env):
    """Upstream and downstream share one log, so the follower sees its own copies too."""
    with SingleThreadedRunner(System([[School, Counters]]), env=env) as runner:
        for name in ("Fido", "Rex"):
            runner.get(School).register(name)
        topics = [one.topic for one in runner.get(School).recorder.select_notifications(1, 10)]
        assert topics == [get_topic(Dog.Registered)] * 4
        assert runner.get(Counters).recorder.max_tracking_id("School") == 4
        with pytest.raises(IntegrityError):
            runner.get(Counters).recorder.insert_tracking(Tracking("School", 4))


def test_streams_have_uuids(school):
    with pytest.raises(ProgrammingError, match="UUID"):
        school.recorder.insert_events([StoredEvent("not-a-uuid", 1, "topic", b"")])


def test_without_an_address_the_factory_says_what_is_missing():
    with pytest.raises(InfrastructureFactoryError, match="DATABASE_URL"):
        InfrastructureFactory.construct({"PERSISTENCE_MODULE": MODULE})


def test_the_librarys_example_application_passes(empty_log, monkeypatch):
    monkeypatch.setenv("PERSISTENCE_MODULE", MODULE)
    monkeypatch.setenv("DATABASE_URL", empty_log.app_url)
    opened: list[InfrastructureFactory] = []
    construct = InfrastructureFactory.construct.__func__
    monkeypatch.setattr(InfrastructureFactory, "construct", classmethod(lambda cls, env=None: opened.append(construct(cls, env)) or opened[-1]))
    case = application_cases.ExampleApplicationTestCase("test_example_application")
    case.expected_factory_topic = get_topic(LogFactory)
    try:
        case.test_example_application()
    finally:
        for factory in opened:
            factory.close()


class SpecialTracking(LogTrackingRecorder):
    """One's own tracking recorder."""


class FactoryCase(cases.InfrastructureFactoryTestCase):
    """The library's case for factories, without those about its AES cipher, which is not installed."""

    def expected_factory_class(self):
        return LogFactory

    def expected_aggregate_recorder_class(self):
        return LogAggregateRecorder

    def expected_application_recorder_class(self):
        return LogApplicationRecorder

    def expected_tracking_recorder_class(self):
        return LogTrackingRecorder

    def tracking_recorder_subclass(self):
        return SpecialTracking

    def expected_process_recorder_class(self):
        return LogProcessRecorder


FactoryCase.__test__ = False


@pytest.mark.parametrize("method", [name for name in dir(FactoryCase) if name.startswith("test_") and "cipher" not in name])
def test_the_librarys_factory_case_passes(env, method):
    case = FactoryCase(method)
    case.env = Environment(name="TestCase", env=env)
    case.setUp()
    try:
        getattr(case, method)()
        assert type(case.factory.aggregate_recorder(purpose="snapshots")) is SnapshotRecorder
    finally:
        case.tearDown()
