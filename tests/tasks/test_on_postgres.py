"""The same promises where two processes race on a real log."""

import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import anyio
import pytest
from uuid_utils.compat import uuid7

from application.shared.command import Command
from application.shared.context import SYSTEM, Caller, Context
from application.shared.dispatch import Dispatch
from application.shared.work import UnitOfWork
from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.batch import ChangeTasks
from application.tasks.progress import ChangeTaskStatus, Heartbeat
from application.tasks.steps_back import ReopenTask, RetryTask
from application.tasks.task import CreateTask, EditTask
from domain.shared.event import Event
from domain.shared.refused import Refused
from domain.tasks.errors import NotClaimable
from domain.tasks.events import Fields
from domain.tasks.status import Status
from domain.tasks.task import Task
from infra.postgres.append_call import AppendCall
from infra.postgres.log import PostgresLog
from infra.postgres.migrate import migrate
from infra.postgres.pipeline import Pipeline, Read
from infra.serialization import mapper
from tests.scenario import Bare, NamesOnly, together
from tests.servers import Database
from tests.tasks import people as p
from tests.tasks.steps import only_allowed_steps
from tests.tasks.wishes import of_people


class Process:
    """One process's dispatch over its own door to the log."""

    def __init__(self, log: PostgresLog) -> None:
        self.log = log
        self.dispatch = Dispatch(log=log, sealing=NamesOnly(), passwords=None, new_id=uuid7, pause=self._pause)  # type: ignore[arg-type]  # a part of the port is enough here

    async def do(self, command: Command, caller: Caller) -> Any:
        return (await self.dispatch(command, Context(caller, uuid7()))).result

    async def happened(self, stream_id: UUID, *events: Event) -> None:
        """Write events of another context as they are."""
        work = UnitOfWork(self.log, NamesOnly())  # type: ignore[arg-type]  # a part of the port is enough here
        work.stage(await work.load(Bare, stream_id), *events)
        await self.log.append(work.entry(Context(SYSTEM, uuid7()), self.log.now()))

    async def events(self, stream_id: UUID) -> list[Any]:
        async with self.log.readers.connection() as connection:
            query = "select type, data, metadata from events where stream_id = %s order by version"
            return [mapper.decode(*row) for row in await (await connection.execute(query, (stream_id,))).fetchall()]

    @staticmethod
    async def _pause(attempt: int) -> None:
        await anyio.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311 — jitter, no secret.


@pytest.fixture
async def two(fresh_database: Database) -> AsyncIterator[list[Process]]:
    migrate(fresh_database.owner_url)
    logs = [PostgresLog(fresh_database.app_url, readers=2) for _ in range(2)]
    for log in logs:
        await log.start()
    processes = [Process(log) for log in logs]
    for caller in (p.ADMIN, p.ANN, p.BOB, p.CAT, p.DAN, p.NODE, p.OTHER_NODE):
        await p.account(processes[0], caller)
    await p.with_projects(processes[0])
    yield processes
    for log in logs:
        await log.stop()


async def test_fifty_people_who_do_whatever_they_like_with_one_task_leave_no_forbidden_step(two):
    task = await two[0].do(CreateTask(title="Water", project_id=p.GARDEN), p.ANN)
    dice, wishes = random.Random(13), of_people(task.id)  # noqa: S311 — dice, no secret.

    async def writer(nth: int) -> None:
        for wish, who in dice.choices(wishes, k=8):
            with suppress(Refused):
                await two[nth % 2].do(wish, who)

    await together(*[lambda nth=nth: writer(nth) for nth in range(50)])
    events = await two[0].events(task.id)
    only_allowed_steps(events)
    assert len(events) > 20  # They did get in each other's way.
    assert (await two[1].log.load(Task, task.id))[0] == Task(id=task.id).after(*events)


async def test_five_hundred_tasks_are_changed_with_a_handful_of_statements_and_one_append(two, monkeypatch):
    ids = [(await two[0].do(CreateTask(title="Water"), p.ANN)).id for _ in range(480)]
    ids += [(await two[0].do(CreateTask(title="Dig", project_id=p.GARDEN), p.ANN)).id for _ in range(20)]
    said: list[str] = []
    put, execute = Pipeline._put, AppendCall._execute

    def counted(self: Pipeline, read: Read) -> None:
        said.append(read.statement)
        put(self, read)

    async def counted_too(self: AppendCall, connection: Any, batch: Any) -> Any:
        said.append(f"append of {len(batch)}")
        return await execute(self, connection, batch)

    def none(*_: Any) -> Any:
        raise AssertionError("a connection of its own")

    monkeypatch.setattr(Pipeline, "_put", counted)
    monkeypatch.setattr(AppendCall, "_execute", counted_too)
    monkeypatch.setattr("psycopg_pool.AsyncConnectionPool.connection", none)
    wishes = tuple(EditTask(task_id=task_id, assignee_ids=(p.BOB.id,), status=Status.COMPLETED) for task_id in ids)
    items = await two[1].do(ChangeTasks(wishes=wishes, atomic=True), p.ANN)
    assert all(item.task.assignee_ids == (p.BOB.id,) for item in items)
    assert len([one for one in said if one == "append of 1"]) == 1
    assert len(said) <= 5, said
    monkeypatch.undo()
    assert [type(event).__name__ for event in (await two[0].events(ids[0]))[1:]] == ["TaskCompleted", "TaskAssigneeAdded"]


async def test_of_fifty_workers_in_two_processes_one_gets_the_task(two):
    task = await two[0].do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    command = ClaimTask(task_id=task.id, lease_seconds=60)
    outcomes = await together(*[lambda nth=nth: two[nth % 2].do(command, p.NODE) for nth in range(50)])
    assert sum(isinstance(outcome, Task) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NotClaimable) for outcome in outcomes) == 49


async def test_fifty_writers_who_do_whatever_they_like_leave_no_forbidden_step(two):
    task = await two[0].do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, max_attempts=3), p.ADMIN)
    dice = random.Random(14)  # noqa: S311 — dice, no secret.
    wishes = [
        (AssignTask(task_id=task.id, node_id=p.OTHER_ID), p.ADMIN),
        (AssignTask(task_id=task.id, node_id=p.NODE_ID, force=True), p.ADMIN),
        (ClaimTask(task_id=task.id, lease_seconds=60), p.NODE),
        (ClaimTask(task_id=task.id, lease_seconds=60), p.OTHER_NODE),
        *[(ChangeTaskStatus(task_id=task.id, status=status), node) for status in list(Status)[1:] for node in (p.NODE, p.OTHER_NODE)],
        (Heartbeat(task_id=task.id, progress=1), p.NODE),
        (RetryTask(task_id=task.id), p.ADMIN),
        (ReopenTask(task_id=task.id, reason="Still dirty"), p.ADMIN),
        (EditTask(task_id=task.id, changes=Fields(title="Dry")), p.ADMIN),
    ]

    async def writer(nth: int) -> None:
        for command, caller in dice.choices(wishes, k=10):
            try:
                await two[nth % 2].do(command, caller)
            except Refused:
                continue

    await together(*[lambda nth=nth: writer(nth) for nth in range(50)])
    events = await two[0].events(task.id)
    only_allowed_steps(events)
    assert len(events) > 20  # They did get in each other's way.
    assert (await two[1].log.load(Task, task.id))[0] == Task(id=task.id).after(*events)
