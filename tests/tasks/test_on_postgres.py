"""The same promises where two processes race on a real log."""

import random
from collections.abc import AsyncIterator
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
from application.tasks.progress import ChangeTaskStatus, Heartbeat
from application.tasks.steps_back import ReopenTask, RetryTask
from application.tasks.task import CreateTask, EditTask
from domain.identity.events import RoleGranted, Sealed, UserRegistered
from domain.identity.role import Role
from domain.shared.refused import Refused
from domain.tasks.errors import NotClaimable
from domain.tasks.events import Fields
from domain.tasks.status import Status
from domain.tasks.task import Task
from infra.postgres.log import PostgresLog
from infra.postgres.migrate import migrate
from infra.serialization import mapper
from tests.scenario import Bare, NamesOnly, together
from tests.servers import Database
from tests.tasks import people as p
from tests.tasks.steps import only_allowed_steps


class Process:
    """One process's dispatch over its own door to the log."""

    def __init__(self, log: PostgresLog) -> None:
        self.log = log
        self.dispatch = Dispatch(log=log, sealing=NamesOnly(), passwords=None, new_id=uuid7, pause=self._pause)  # type: ignore[arg-type]  # a part of the port is enough here

    async def do(self, command: Command, caller: Caller) -> Any:
        return (await self.dispatch(command, Context(caller, uuid7()))).result

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
    for node_id in (p.NODE_ID, p.OTHER_ID):
        work = UnitOfWork(logs[0], NamesOnly())  # type: ignore[arg-type]  # a part of the port is enough here
        registered = UserRegistered(user_id=node_id, email=Sealed("sealed"), name=Sealed("sealed"))
        work.begin(Bare(id=node_id), registered, RoleGranted(user_id=node_id, role=Role.NODE))
        await logs[0].append(work.entry(Context(SYSTEM, uuid7()), logs[0].now()))
    yield [Process(log) for log in logs]
    for log in logs:
        await log.stop()


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
