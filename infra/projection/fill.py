"""Filling a build from the log: spool, then fold one part at a time; a finished part is never done again (architecture §5)."""

import asyncio
import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import msgspec
import psycopg

from infra.postgres.connections import SESSION, SOCKET
from infra.projection.bulk_read import RANGE, BulkReader, Raw, decoder, needs_metadata
from infra.projection.cache_place import CachePlace
from infra.projection.checkpoint import Checkpoint
from infra.projection.filling import Place, Plan, Told, code_of
from infra.projection.folding import Parked
from infra.projection.partition import Partition, closure, owner, parts_of
from infra.projection.projector import PARKED_AT_MOST
from infra.projection.spool import Spool, by_stream
from infra.projection.table_place import TablePlace
from infra.projection.watch import Watch
from projections.shared.read_model import READ_MODELS, ReadModel

EVENTS: Final = 400_000
"""Events in one part, at most about; and bytes of the log for which there is a part of its own."""
BYTES: Final = 160 * 1024 * 1024


class TooManyParked(Exception):
    """More keys would be parked than a read model may have: the fold is broken, not a few of its keys."""


class Fill(msgspec.Struct, frozen=True):
    """What is filled, from where, up to which event. `epoch`: of the lease under which it is done (Redis); 0 for a new build."""

    database_url: str
    redis_url: str
    model: ReadModel[Any]
    build: int
    at: Checkpoint
    epoch: int = 0
    parts: int | None = None
    """In how many parts; None: as its size wants it."""

    @contextmanager
    def place(self) -> Iterator[TablePlace | CachePlace]:
        """Where to, with connections of its own."""
        with self._connect() as connection:
            if self.model.store == "postgres":
                yield TablePlace(self._connect, connection, self.model, self.build)
                return
            with asyncio.Runner() as runner:
                cache = CachePlace(connection, self.redis_url, self.model, self.build, self.epoch, runner)
                try:
                    yield cache
                finally:
                    cache.close()

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.database_url, autocommit=True, options=SESSION, application_name="daybook-fill", **SOCKET)

    def spool(self, plan: Plan) -> Spool:
        """Its temporary files."""
        return Spool(self.at.log_id, f"{self.model.table}-b{self.build}", plan.parts, has_metadata=needs_metadata(self.model))


def fill(work: Fill, watch: Watch, jobs: int = 1) -> list[Parked]:
    """Fill a build up to its checkpoint and finish it; what was parked. Raises `Stopped`, `TooManyParked`; goes on where it was left."""
    limits: dict[str, Parked] = {}
    with BulkReader(work.database_url) as reader, work.place() as target:
        while True:
            parts = work.parts or max(1, -(-work.at.position // EVENTS), -(-reader.log_bytes() // BYTES))
            plan = target.begin(Plan(work.at.log_id, work.at.position, code_of(work.model), parts, limits))
            _spool(work, plan, reader, watch)
            failed = dict(plan.limits)
            for told in (*target.done().values(), *_fold(work, plan, reader, target, watch, jobs)):
                for one in told.failed:
                    failed[one.key] = min(failed.get(one.key, one), one, key=lambda parked: parked.position)
            if len(failed) > PARKED_AT_MOST:
                raise TooManyParked(f"{len(failed)} keys of {work.model.name} cannot be folded, the first: {next(iter(failed.values()))}")
            if failed == plan.limits or plan.parts == 1 or work.model.key_is_stream:
                break
            # What failed in one part parks keys of other parts too, so these have to be folded again, but only up to there.
            limits = closure(work.model, decoder(work.model)(reader.raw(work.model, 0, work.at.position)), failed)
        watch.check()
        watch.progress("indexes", 0, 1)
        target.finish(work.at, failed.values())
        watch.progress("indexes", 1, 1)
        work.spool(plan).remove()
    return list(failed.values())


def _spool(work: Fill, plan: Plan, reader: BulkReader, watch: Watch) -> None:
    """Write the raw rows of each part to a file of its own, unless a process that was killed has done so already."""
    name = msgspec.json.encode(plan).decode()
    spool = work.spool(plan)
    if plan.parts == 1 or spool.is_complete(name):
        return
    model, parts = work.model, plan.parts

    def by_keys(row: Raw) -> Iterable[int]:
        recorded = next(decode((bytes(row),)))
        try:
            return parts_of(model.keys(recorded), parts)
        except Exception:  # noqa: BLE001 — every part has to know that this stream is parked
            return range(parts)

    decode = decoder(model)
    rows = watch.over(reader.raw(model, 0, work.at.position), "reading", work.at.position)
    spool.write(rows, by_stream(parts) if model.key_is_stream else by_keys, name)


def _fold(work: Fill, plan: Plan, reader: BulkReader, target: Place, watch: Watch, jobs: int) -> Iterator[Told]:
    todo = [part for part in range(plan.parts) if part not in target.done()]
    done = (plan.parts - len(todo)) * work.at.position // plan.parts
    watch.progress("folding", done, work.at.position)
    if jobs > 1 and len(todo) > 1:
        yield from _in_processes(work, plan, todo, watch, jobs)
        return
    for part in todo:
        rows: Iterable[Raw] = reader.raw(work.model, 0, plan.position) if plan.parts == 1 else work.spool(plan).read(part)
        base = part * work.at.position // plan.parts
        yield fold_part(work, plan, part, watch.step(base, work.at.position).over(rows, "folding", 0), target)


def fold_part(work: Fill, plan: Plan, part: int, rows: Iterable[Raw], target: Place) -> Told:
    """Fold the rows of one part and write it."""
    folded = Partition(work.model, owner(work.model, plan.parts, part), {key: one.position for key, one in plan.limits.items()})
    folded.feed(decoder(work.model)(rows))
    return target.write(part, folded)


class Job(msgspec.Struct, frozen=True):
    """A part for another process; the model, which cannot travel, is found by its module and name."""

    work: tuple[str, str, int, Checkpoint, int]
    module: str
    name: str
    plan: bytes
    part: int


def _in_processes(work: Fill, plan: Plan, todo: list[int], watch: Watch, jobs: int) -> Iterator[Told]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    told = (work.database_url, work.redis_url, work.build, work.at, work.epoch)
    with ProcessPoolExecutor(min(jobs, len(todo)), context, _settle, (os.getpid(), stop)) as processes:
        pending: set[Future[Told]] = {
            processes.submit(_fold_job, Job(told, work.model.fold.__module__, work.model.name, msgspec.json.encode(plan), part)) for part in todo
        }
        finished = plan.parts - len(todo)
        try:
            while pending:
                ready, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                watch.check()
                for future in ready:
                    finished += 1
                    watch.progress("folding", finished * work.at.position // plan.parts, work.at.position)
                    yield future.result()
        finally:
            stop.set()
            processes.shutdown(cancel_futures=True)


_stop: Any = None


def _settle(parent: int, stop: Any) -> None:
    """A worker process: leaves Ctrl-C to its parent, and ends when the parent is gone."""
    import signal

    global _stop  # noqa: PLW0603 — an Event can only be given to a process when it starts.
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # Folding makes no cycles.

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def model_in(module: str, name: str) -> ReadModel[Any]:
    """The read model of this name: one that a module defines, or that is made from other definitions when a system starts."""
    for found in vars(import_module(module)).values():
        if isinstance(found, ReadModel) and found.name == name:
            return found
    import_module("infra.app")
    return READ_MODELS[name]


def _fold_job(job: Job) -> Told:
    database_url, redis_url, build, at, epoch = job.work
    plan = msgspec.json.decode(job.plan, type=Plan)
    work = Fill(database_url, redis_url, model_in(job.module, job.name), build, at, epoch)
    watch = Watch(stop=_stop)
    with work.place() as target:
        if isinstance(target, CachePlace):
            target.follow(plan)
        return fold_part(work, plan, job.part, watch.over(work.spool(plan).read(job.part), "folding", RANGE), target)
