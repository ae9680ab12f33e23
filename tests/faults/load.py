"""A small but real load: many tasks at once, each going its own way through its life, until told to stop."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from application.identity.typed import Typed
from application.identity.user import CreateUser
from application.shared.command import Command
from application.shared.context import Caller, Context
from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.progress import ChangeTaskStatus, Heartbeat
from application.tasks.steps_back import ReopenTask, RetryTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask
from domain.identity.role import Role
from domain.shared.refused import Refused
from domain.tasks.events import Fields
from domain.tasks.status import Priority, Status
from infra.app import System, new_id
from tests.eventually import eventually

ADMIN = Caller(UUID(int=(7 << 76) | (2 << 62) | 1), "admin")


class Load:
    """What a test asks of a load."""

    def __init__(self, parts: System, nodes: list[Caller]) -> None:
        self.parts = parts
        self.nodes = nodes
        self.done = 0
        self._dice = random.Random(7)  # noqa: S311 — dice, no secret.

    async def do(self, command: Command, caller: Caller = ADMIN) -> Any:
        return (await self.parts.dispatch(command, Context(caller, new_id()))).result

    async def more(self, commands: int, seconds: float = 30) -> None:
        """Wait until so many more commands were granted."""
        enough = self.done + commands

        async def look() -> bool:
            return self.done >= enough

        await eventually(look, seconds, f"{commands} more commands")

    async def forever(self) -> None:
        while True:
            with suppress(Refused, psycopg.Error):
                await self._life()
            await asyncio.sleep(0.1)  # So that what is waited for meanwhile does not make the log long, which is folded at the end.

    async def _life(self) -> None:
        node = self._dice.choice(self.nodes)
        task = await self.do(CreateTask(title=f"Task {self.done}", priority=self._dice.choice(list(Priority)), max_attempts=2, retry_seconds=1))
        wishes: list[tuple[Command, Caller]] = [
            (AssignTask(task_id=task.id, node_id=node.id or UUID(int=0)), ADMIN),
            (EditTask(task_id=task.id, changes=Fields(priority=self._dice.choice(list(Priority)))), ADMIN),
            (ClaimTask(task_id=task.id, lease_seconds=3600), node),
            (Heartbeat(task_id=task.id, progress={"done": self._dice.random()}), node),
            (ChangeTaskStatus(task_id=task.id, status=self._dice.choice([Status.COMPLETED, Status.FAILED])), node),
            (self._dice.choice([RetryTask(task_id=task.id), ReopenTask(task_id=task.id, reason="Again")]), ADMIN),
            (DeleteTask(task_id=task.id), ADMIN),
            (RestoreTask(task_id=task.id), ADMIN),
        ]
        for command, caller in wishes[: self._dice.randint(1, len(wishes))]:
            with suppress(Refused):
                await self.do(command, caller)
                self.done += 1


async def nodes_of(parts: System, count: int = 2) -> list[Caller]:
    """Worker nodes that were made for this load."""
    made = []
    for _ in range(count):
        wish = CreateUser(email=f"{new_id()}@example.org", name="Node", password=Typed("a garden of forking paths"), role=Role.NODE)
        made.append(Caller((await parts.dispatch(wish, Context(ADMIN, new_id()))).result.id, "node"))
    return made


@asynccontextmanager
async def under_load(parts: System, at_once: int = 8) -> AsyncIterator[Load]:
    """Commands are given while the block runs, once the consumers have registered what they do."""

    async def registered() -> bool:
        with suppress(psycopg.Error):
            async with parts.log.readers.connection() as connection:
                rows = await (await connection.execute("select 1 from read_models where store = 'reaction'")).fetchall()
                return bool(rows)
        return False

    await eventually(registered)
    load = Load(parts, await nodes_of(parts))
    tasks = [asyncio.create_task(load.forever()) for _ in range(at_once)]
    try:
        yield load
    finally:
        while tasks:  # The connection pool stands on `wait_for`, which can swallow a cancellation before Python 3.12.
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)
            tasks = [task for task in tasks if not task.done()]


def soon(parts: System, seconds: float) -> Any:
    """A moment that is so many seconds away by the database's clock."""
    return parts.log.now() + timedelta(seconds=seconds)
