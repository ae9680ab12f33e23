"""Deadlines are acted upon exactly once, by the database's time, however many clocks there are and whenever one dies."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from application.tasks.assignment import ClaimTask
from application.tasks.progress import ChangeTaskStatus, Heartbeat
from application.tasks.task import CreateTask
from domain.tasks import events as e
from domain.tasks.status import Status
from domain.tasks.task import Task
from infra.app import ensure_admin
from infra.postgres.connections import SESSION
from tests.eventually import eventually
from tests.faults.daybook import Process, holding
from tests.faults.fold_of_the_log import models, read
from tests.faults.load import Load, nodes_of
from tests.faults.people import people


@pytest.fixture(scope="module", autouse=True)
def consumers(daybook):
    _, consumers = daybook.all("relay", "consumers")
    asyncio.run(eventually(holding(consumers, len(models())), 20, "every read model is there"))


@pytest.fixture(autouse=True)
def no_clock_is_left(daybook):
    yield
    for clock in daybook.of("clock"):
        clock.end(signal.SIGKILL)


@pytest.fixture
async def load(parts):
    return Load(parts, await nodes_of(parts, 1))


async def leased(load: Load, count: int, seconds: float, **more: Any) -> list[Task]:
    """Tasks whose leases end soon."""
    until = load.parts.log.now() + timedelta(seconds=seconds)
    wish = CreateTask(title="Leased", assigned_node_id=load.nodes[0].id, lock_expires_at=until, **more)
    return list(await asyncio.gather(*(load.do(wish) for _ in range(count))))


def log(daybook) -> list[Any]:
    with psycopg.connect(daybook.settings.database_url, options=SESSION) as connection:
        return read(connection)


def expiries(daybook, tasks: list[Task]) -> Counter:
    """How often the lease of each task has ended."""
    ids = {task.id for task in tasks}
    return Counter(one.stream_id for one in log(daybook) if one.stream_id in ids and isinstance(one.event, e.TaskFailed))


async def all_expired(daybook, tasks: list[Task], seconds: float = 15) -> None:
    async def look() -> bool:
        return len(expiries(daybook, tasks)) == len(tasks)

    await eventually(look, seconds, "every lease has ended")


async def shown(daybook, tasks: list[Task]) -> None:
    """Wait until their deadlines are there for a clock to see."""

    async def look() -> bool:
        with psycopg.connect(daybook.settings.database_url, options=SESSION) as connection:
            row = connection.execute("select count(*) from deadlines_tasks_lease_v1 where id = any(%s)", ([task.id for task in tasks],)).fetchone()
            return row is not None and row[0] == len(tasks)

    await eventually(look)


async def look_again(daybook, parts, marker: int = 5) -> None:
    """Until the clocks have gone through all deadlines some more times: leases made now have ended."""
    load = Load(parts, await nodes_of(parts, 1))
    await all_expired(daybook, await leased(load, marker, 0.3))


async def fired(clocks: list[Process], times: int) -> None:
    """Wait until each of them has had so many commands granted, repeated ones included."""

    async def look() -> bool:
        return all(clock.report()["doing"]["fired"] >= times for clock in clocks)

    await eventually(look)


async def test_a_lease_ends_once_though_two_clocks_act_on_it_again_and_again(daybook, load):
    clocks = [daybook.start("clock", "tests.faults.faulty:greedy_clock").ready() for _ in range(2)]
    tasks = await leased(load, 20, 3)
    await shown(daybook, tasks)
    (consumers,) = daybook.of("consumers")
    consumers.tell(signal.SIGSTOP)  # So that the deadline is still there when its command has been granted.
    await fired(clocks, 60)
    consumers.tell(signal.SIGCONT)
    assert expiries(daybook, tasks) == {task.id: 1 for task in tasks}
    until = {task.id: task.lock_expires_at for task in tasks}
    assert all(one.recorded_at >= until[one.stream_id] for one in log(daybook) if one.stream_id in until and isinstance(one.event, e.TaskFailed))


async def test_a_build_that_ends_leases_early_and_twice_is_seen(daybook, load):
    tasks = await leased(load, 5, 600)
    await shown(daybook, tasks)
    (consumers,) = daybook.of("consumers")
    consumers.tell(signal.SIGSTOP)
    clocks = [daybook.start("clock", "tests.faults.broken:clock_without_manners").ready() for _ in range(2)]
    await fired(clocks, 15)
    consumers.tell(signal.SIGCONT)
    assert max(expiries(daybook, tasks).values()) > 1


async def test_of_two_clocks_one_leads_and_the_other_takes_over(daybook, load):
    clocks = daybook.all("clock", "clock")
    tasks = await leased(load, 10, 0.3)
    await all_expired(daybook, tasks)
    (leader,) = [clock for clock in clocks if clock.report()["doing"]["leads"]]
    leader.end(signal.SIGKILL)
    more = await leased(load, 10, 0.3)
    await all_expired(daybook, more)
    assert set(expiries(daybook, tasks + more).values()) == {1}


async def test_a_lease_that_is_kept_alive_does_not_end_until_its_node_falls_silent(daybook, parts, load):
    daybook.all("clock")
    (node,) = load.nodes
    task = await load.do(CreateTask(title="Long", assigned_node_id=node.id))
    task = await load.do(ClaimTask(task_id=task.id, lease_seconds=4), node)
    began, first = parts.log.now(), task.lock_expires_at
    while parts.log.now() < began + timedelta(seconds=6):
        task = await load.do(Heartbeat(task_id=task.id), node)
        await eventually(later(parts, 0.5))
    assert expiries(daybook, [task]) == {}
    assert task.lock_expires_at > first
    await all_expired(daybook, [task])


async def test_a_failed_task_is_tried_again_after_its_pause_and_then_is_dead(daybook, parts, load):
    daybook.all("clock")
    (node,) = load.nodes
    task = await load.do(CreateTask(title="Brittle", assigned_node_id=node.id, max_attempts=2, retry_seconds=1))
    for _ in range(2):

        async def pending() -> bool:
            return (await parts.log.load(Task, task.id))[0].status is Status.PENDING

        await eventually(pending)
        await load.do(ClaimTask(task_id=task.id, lease_seconds=600), node)
        await load.do(ChangeTaskStatus(task_id=task.id, status=Status.FAILED), node)
    await look_again(daybook, parts)
    mine = [one for one in log(daybook) if one.stream_id == task.id]
    first, second = (one.event for one in mine if isinstance(one.event, e.TaskFailed))
    (again,) = (one for one in mine if isinstance(one.event, e.TaskRetried))
    assert again.recorded_at >= first.retry_at
    assert second.retry_at is None


async def test_deadlines_that_pass_while_no_clock_runs_are_acted_upon_by_the_next(daybook, load):
    (clock,) = daybook.all("clock")
    tasks = await leased(load, 20, 3)
    clock.end(signal.SIGKILL)
    await eventually(later(load.parts, 3.2))
    assert expiries(daybook, tasks) == {}
    daybook.all("clock")
    await all_expired(daybook, tasks)
    assert set(expiries(daybook, tasks).values()) == {1}


async def test_a_clock_an_hour_ahead_ends_no_lease_early(daybook, parts, load):
    daybook.start("clock", "tests.faults.faulty:clock_an_hour_ahead").ready()
    tasks = await leased(load, 5, 600)
    await look_again(daybook, parts)
    assert expiries(daybook, tasks) == {}


async def test_an_api_an_hour_ahead_gives_leases_by_the_databases_time(daybook):
    ensure_admin_once(daybook)
    ahead = daybook.start("serve", "tests.faults.faulty:serve_an_hour_ahead").ready()
    async with people(daybook.settings) as crowd:
        admin = await crowd.admin(ahead)
        node = await crowd.node(ahead, admin)
        await admin.post(ahead, "/tasks", {"title": "A task", "assigned_node_id": node.id})
        answer = await node.post(ahead, "/nodes/me/claim", {"lease_seconds": 60, "wait": 5})
    (task,) = answer.json()["items"]
    left = datetime.fromisoformat(task["lock_expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < left < timedelta(seconds=61)
    ahead.end()


def ensure_admin_once(daybook) -> None:
    import threading

    thread = threading.Thread(target=ensure_admin, args=(daybook.settings,))  # It brings a loop of its own.
    thread.start()
    thread.join()


def later(parts, seconds: float) -> Any:
    """For `eventually`: so many seconds of database time have passed."""
    then = parts.log.now() + timedelta(seconds=seconds)

    async def look() -> bool:
        return parts.log.now() >= then

    return look
