"""The nightly look at the books and the stock (requirement S2-C05): both worked out again from the log, by a process of its own that steps back
for everybody else. Of many clocks one does it; nights that nobody was up are made up for.

What is wrong is named in the log, and kept until it is looked at again: every clock has it on `/ready` and in its metrics, whoever found it and
whenever it was started. It is looked at again every hour until it is right.
"""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from api.shared.health import Health
from infra.app import System
from infra.postgres.connections import connect
from infra.postgres.leadership import lead
from infra.projection.builds import NoSuchBuild
from infra.projection.verify import Moved
from infra.reconciliation import ledger, stock
from infra.redis.row_cache import Damaged
from infra.settings import Settings

log = logging.getLogger(__name__)
LOOK: Final = 60.0
"""Seconds between two looks whether it is time."""
AGAIN: Final = 3600.0
"""Seconds within which it is done, and after which it is done again where something was wrong."""
NAMED: Final = 20
"""Things that are wrong of which each is named in the log."""
KEEP: Final = """insert into verdicts (what, wrong, named, trouble) values (%s, %s, %s, %s) on conflict (what) do update
    set wrong = excluded.wrong, named = excluded.named, trouble = excluded.trouble, at = excluded.at"""
HOUSE: Final = Path(__file__).parents[2]


class Verdict(msgspec.Struct, frozen=True):
    """What came of verifying the `ledger` or the `stock`: how many things are wrong, the first of them by name; `trouble`: it could not be done."""

    what: str
    wrong: int = 0
    named: list[str] = []
    trouble: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it was done and nothing is wrong."""
        return not self.wrong and not self.trouble

    def __str__(self) -> str:
        """For who looks after it."""
        if self.is_right:
            return "ok"
        return f"cannot be verified: {self.trouble}" if self.trouble else f"{self.wrong} things are wrong, the first: {self.named[0]}"


Verify = Callable[[Settings], Awaitable[list[Verdict]]]


class Nightly:
    """One clock's; most nights another one does it, and this one tells what came of it."""

    def __init__(self, parts: System, health: Health, verify: Verify | None = None) -> None:
        self._parts = parts
        self._verify = verify or in_a_process
        self.found = {"ledger": Verdict("ledger"), "stock": Verdict("stock")}
        self.at = 0.0
        for what in self.found:
            health.watch(what, partial(self._told, what))
            health.measure(f"daybook_{what}_wrong", f"Things wrong with the {what} when it was last verified.", partial(self._wrong, what))
        health.measure("daybook_verified_at", "When ledger and stock were last verified, in seconds since 1970; 0: never.", lambda: self.at)

    async def _told(self, what: str) -> str:
        return str(self.found[what])

    def _wrong(self, what: str) -> int:
        return self.found[what].wrong

    async def run(self) -> None:
        """Until cancelled."""
        while self._parts.settings.verify_at:
            try:
                await self.recall()
                await asyncio.sleep(LOOK)
                await self.look()
            except (psycopg.Error, OSError, TimeoutError, msgspec.DecodeError) as error:
                log.warning("ledger and stock were not verified", extra={"error": repr(error)})

    async def recall(self) -> None:
        """What came of it the last time, whichever clock did it."""
        async with await self._connected() as connection:
            kept = await (await connection.execute("select what, wrong, named, trouble, extract(epoch from at)::float8 from verdicts")).fetchall()
        for *verdict, at in kept:
            self.found[verdict[0]], self.at = Verdict(*verdict), at

    async def look(self) -> bool:
        """Verify, if it is time and nobody else does; whether it was done."""
        me, night = uuid4(), self._night()
        async with await self._connected() as connection:
            first = "insert into leases (name, holder, epoch, held_until) values ('verifying', %s, 1, %s) on conflict do nothing"
            await connection.execute(first, (uuid4(), night))
            if not await lead(connection, "verifying", me, AGAIN):
                return False
        async with asyncio.timeout(AGAIN):
            verdicts = await self._verify(self._parts.settings)
        async with await self._connected() as connection:
            for verdict in verdicts:
                await connection.execute(KEEP, (verdict.what, verdict.wrong, verdict.named, verdict.trouble))
            if all(verdict.is_right for verdict in verdicts):
                await connection.execute("update leases set held_until = %s where name = 'verifying' and holder = %s", (self._night(), me))
        self._name(verdicts)
        await self.recall()
        return True

    async def _connected(self) -> AsyncConnection[Any]:
        return await connect(self._parts.settings.database_url, name="verifying")

    def _name(self, verdicts: list[Verdict]) -> None:
        for verdict in verdicts:
            if verdict.is_right:
                log.info("verified", extra={"what": verdict.what})
            else:
                log.error("verified, and not right", extra={"what": verdict.what, "why": str(verdict), "named": verdict.named})

    def _night(self) -> datetime:
        return next_night(self._parts.log.now(), self._parts.settings.verify_at)


def next_night(now: datetime, at: str) -> datetime:
    """The next time it is so late (`03:00`, UTC)."""
    tonight = datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(at), UTC)
    return tonight if tonight > now else tonight + timedelta(days=1)


async def in_a_process(settings: Settings) -> list[Verdict]:
    """Verify in a process of its own, whose memory is given back; ended with whoever waits for it. Raises `OSError`, `DecodeError`."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, cwd=HOUSE, stdin=PIPE, stdout=PIPE)
    try:
        told, _ = await child.communicate(msgspec.json.encode(settings))
        return msgspec.json.decode(told, type=list[Verdict])
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def verdicts(settings: Settings) -> list[Verdict]:
    """Verify one after the other."""
    return [await _verdict("ledger", ledger.reconcile(settings)), await _verdict("stock", stock.reconcile(settings))]


async def _verdict(what: str, told: Awaitable[Any]) -> Verdict:
    try:
        wrong = (await told).wrong
    except (NoSuchBuild, Damaged, Moved, psycopg.Error, PoolTimeout, OSError) as error:
        return Verdict(what, trouble=f"{type(error).__name__}: {error}")
    return Verdict(what, len(wrong), [f"{one.what}: {one.why}" for one in wrong[:NAMED]])


if __name__ == "__main__":
    os.nice(10)
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(verdicts(given))))
