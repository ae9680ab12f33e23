"""Writing tasks into a file: all of one moment, part by part, and none of it shown before all of it is there."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import must
from application.shared.seats import seated
from domain.projects.membership import Membership
from domain.shared.refused import Forbidden
from infra.jobs.csv_cells import BOM, row
from infra.jobs.files import create, sync
from infra.jobs.run import CannotBeDone, Run, Stopped
from infra.jobs.runners import Done
from infra.jobs.snapshot import Snapshot, snapshot
from infra.jobs.task_columns import WRITTEN, cells_of, line_of
from infra.jobs.task_selection import selection
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_row import TaskRow

MOST_PAGED: Final = 10_000
"""Rows of a PDF: what nobody reads on paper is better asked for in another form."""


async def run(run: Run) -> Done:
    """Write the file; what an attempt before this one wrote is written anew, as of one later moment."""
    wanted = run.job.parameters
    async with _selected(run, await run.caller()) as found:
        path = run.files.outgoing(run.owner_id, run.job.id)
        await asyncio.to_thread(run.files.open_folder, run.owner_id)
        draft = run.files.draft(run.owner_id, run.job.id, run.job.attempt)
        write = _write_pages if wanted["format"] == "pdf" else _write_lines
        try:
            done = await write(run, found, draft)
            await run.say(done, found.count)  # Whose job is another's by now shows nothing.
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return Done(done, 0, {"rows": done, "bytes": path.stat().st_size, "position": found.position})


@asynccontextmanager
async def _selected(run: Run, caller: Caller) -> AsyncIterator[Snapshot[TaskRow]]:
    filters = run.job.parameters["filters"]
    has_seat = "project_id" in filters and await _has_seat(run, UUID(filters["project_id"]), caller)
    try:
        must(caller, "exports:create")
        where, values = selection(caller, run.job.parameters["scope"], filters, seated=has_seat)
    except Forbidden as refused:  # It was allowed when it was asked for.
        raise CannotBeDone(refused.code(), refused.detail) from None
    _, at_least = await run.parts.log.load(type(run.job), run.job.id)
    async with snapshot(run.parts.settings.database_url, TASK_BOARD, where, values, at_least=at_least) as found:
        yield found


async def _has_seat(run: Run, project_id: UUID, caller: Caller) -> bool:
    async def load(membership_id: UUID) -> Membership:
        return (await run.parts.log.load(Membership, membership_id))[0]

    assert caller.id is not None
    return (await seated(project_id, caller.id, load))[1] is not None


async def _write_lines(run: Run, found: Snapshot[TaskRow], draft: Path) -> int:
    wanted, done = run.job.parameters, 0
    encode = _csv if wanted["format"] == "csv" else _jsonl
    file = await asyncio.to_thread(create, draft)
    try:
        if wanted["format"] == "csv":
            file.write((BOM if wanted.get("bom") else b"") + row(WRITTEN).encode())
        async for part in found.parts:
            await asyncio.to_thread(_put, file, encode, part)
            done += len(part)
            if run.is_due:
                await run.say(done, found.count)
        await asyncio.to_thread(sync, file)
    finally:
        file.close()
    return done


def _put(file: BinaryIO, encode: Callable[[Sequence[TaskRow]], bytes], part: Sequence[TaskRow]) -> None:
    file.write(encode(part))


def _csv(part: Sequence[TaskRow]) -> bytes:
    return "".join([row(cells_of(one)) for one in part]).encode()


def _jsonl(part: Sequence[TaskRow]) -> bytes:
    return b"".join([line_of(one) for one in part])


async def _write_pages(run: Run, found: Snapshot[TaskRow], draft: Path) -> int:
    if found.count > MOST_PAGED:
        raise CannotBeDone("too_many_rows", f"{found.count} tasks fit; a PDF holds at most {MOST_PAGED}. Ask for less, or for CSV.")
    rows: list[Any] = [one async for part in found.parts for one in part]
    await run.say(0, len(rows))
    from infra.jobs.task_pages import write_pages

    left = threading.Event()

    def one_more() -> None:
        """Before each task: a thread cannot be cancelled, only asked."""
        run.must_go_on()
        if left.is_set():
            raise Stopped

    create(draft).close()  # For this user only.
    try:
        await asyncio.to_thread(write_pages, draft, rows, run.job.created_at, one_more)
    finally:
        left.set()
    return len(rows)
