"""The clock process: dispatches the commands of deadlines that have passed, by the database's clock (C2), and keeps things bounded."""

import asyncio
import contextlib
import logging
import time
from typing import Any, Final
from uuid import uuid5

import psycopg
from psycopg import AsyncConnection

from api.shared.health import Health
from application.shared.context import SYSTEM, Context
from domain.shared.refused import Refused
from infra.app import System, system
from infra.cancellation import ended
from infra.postgres.connections import connect
from infra.postgres.leadership import lead, resign
from infra.postgres.watchdog import release_stuck_lock
from infra.processes.running import run
from infra.processes.sweeping import sweeping
from infra.processes.verifying import Nightly
from infra.projection.deadline_model import DeadlineRow, deadline_models
from infra.security.idempotency import DerivedKey
from infra.settings import Settings
from projections.shared.read_model import ReadModel

log = logging.getLogger(__name__)
AT_ONCE: Final = 200
AGAIN: Final = 2.0
"""Seconds after which a deadline that was dispatched and is still there is tried again; doubles each time, up to five minutes."""
HOUSEKEEPING: Final = 60.0


class Clock:
    """One leads; a second one would only do things twice, which has no effect."""

    def __init__(self, parts: System) -> None:
        self._parts = parts
        self.leads = False
        self.fired = 0
        self._tidy_at = 0.0
        self._watch_at = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with await connect(self._parts.settings.database_url, name="clock") as connection:
                    await self._tick_on(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("the clock lost the database", extra={"error": repr(error)})
                await asyncio.sleep(0.5)

    async def _tick_on(self, connection: AsyncConnection[Any]) -> None:
        interval = self._parts.settings.sweep_interval
        try:
            while True:
                self.leads = await lead(connection, "clock", self._parts.me, max(3 * interval, 3.0))
                busy = False
                if self.leads:
                    await self._tidy(connection)
                    for model in deadline_models():
                        busy = await self._sweep(connection, model) == AT_ONCE or busy
                if not busy:
                    await asyncio.sleep(interval)
        finally:
            self.leads = False
            with contextlib.suppress(psycopg.Error, OSError):  # An error here would hide that we are to end.
                await resign(connection, "clock", self._parts.me)

    async def _tidy(self, connection: AsyncConnection[Any]) -> None:
        if time.monotonic() >= self._watch_at:
            await release_stuck_lock(connection)
            self._watch_at = time.monotonic() + 2.0
        if time.monotonic() >= self._tidy_at:
            await connection.execute("select forget_http_keys()")
            await connection.execute("delete from deadline_tries where next_try < clock_timestamp() - interval '1 hour'")
            self._tidy_at = time.monotonic() + HOUSEKEEPING

    async def _sweep(self, connection: AsyncConnection[Any], model: ReadModel[DeadlineRow]) -> int:
        """Note what is due and when it is tried next, commit, then dispatch; how many."""
        try:
            cursor = await connection.execute(
                f"""with due as (
                        select d.id, d.due_at, d.command, d.arguments, d.version from {model.table} d
                        where d.due_at <= clock_timestamp() and not exists (
                            select from deadline_tries t
                            where t.model = %b and t.deadline = d.id || '@' || d.version and t.next_try > clock_timestamp())
                        order by d.due_at limit {AT_ONCE}),
                    noted as (
                        insert into deadline_tries as t (model, deadline, next_try)
                        select %b, d.id || '@' || d.version, clock_timestamp() + make_interval(secs => {AGAIN}) from due d
                        on conflict (model, deadline) do update
                        set tries = t.tries + 1, next_try = clock_timestamp() + make_interval(secs => least({AGAIN} * 2 ^ t.tries, 300)))
                    select * from due""",
                (model.name, model.name),
                binary=True,
            )
        except psycopg.errors.UndefinedTable:
            return 0  # the consumers have not made it yet
        rows = [DeadlineRow(*row) for row in await cursor.fetchall()]
        await asyncio.gather(*(self._fire(model, row) for row in rows))
        return len(rows)

    async def _fire(self, model: ReadModel[DeadlineRow], row: DeadlineRow) -> None:
        command_id = uuid5(row.id, f"{model.name}/{row.version}/{row.due_at.isoformat()}/{row.command}")
        # The id is kept only once the command was granted: a refused one ("not due yet") comes again.
        context = Context(SYSTEM, command_id, causation_id=command_id, key=DerivedKey(command_id))
        try:
            await self._parts.dispatch(row.wish(), context)
            self.fired += 1
        except Refused as refused:
            log.info("a deadline was refused", extra={"deadline": str(row.id), "command": row.command, "why": refused.code()})
        except (psycopg.Error, OSError):
            raise
        except Exception:  # All other deadlines are to be kept all the same; this one is tried again, less and less often.
            log.exception("a deadline failed", extra={"deadline": str(row.id), "command": row.command})


async def clock(settings: Settings, health: Health) -> None:
    """Until cancelled."""
    async with system(settings, readers=2) as parts:
        process = Clock(parts)
        health.describe(lambda: {"leads": process.leads, "fired": process.fired})
        health.measure("daybook_deadlines_fired_total", "Deadlines whose command was granted.", lambda: process.fired)
        beside = [asyncio.create_task(work) for work in (sweeping(parts), Nightly(parts, health).run())]
        try:
            await process.run()
        finally:
            await ended(*beside)


def main(settings: Settings, port: int) -> None:
    """Run until SIGTERM."""
    run("clock", settings, port, clock)
