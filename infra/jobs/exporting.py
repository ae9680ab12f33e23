"""Writing rows of a read model into a file: all of one moment, part by part, and none of it shown before all of it is there."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, LiteralString

from application.shared.permissions import must
from domain.shared.refused import Forbidden
from infra.jobs.csv_cells import BOM, row
from infra.jobs.files import create, sync
from infra.jobs.run import CannotBeDone, Run, Stopped
from infra.jobs.runners import Done
from infra.jobs.sheet import Sheet
from infra.jobs.snapshot import Snapshot, snapshot

MOST_PAGED: Final = 10_000
"""Rows of a PDF: what nobody reads on paper is better asked for in another form."""
Selection = tuple[LiteralString, list[Any]]
"""Conditions and their values."""


async def export(run: Run, sheet: Sheet, select: Callable[[], Selection]) -> Done:
    """Write the file; what an attempt before this one wrote is written anew, as of one later moment. `select` may raise `Forbidden`."""
    wanted = run.job.parameters
    async with _selected(run, sheet, select) as found:
        path = run.files.outgoing(run.owner_id, run.job.id)
        await asyncio.to_thread(run.files.open_folder, run.owner_id)
        draft = run.files.draft(run.owner_id, run.job.id, run.job.attempt)
        write = _write_pages if wanted["format"] == "pdf" else _write_lines
        try:
            done = await write(run, sheet, found, draft)
            await run.say(done, found.count)  # Whose job is another's by now shows nothing.
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return Done(done, 0, {"rows": done, "bytes": path.stat().st_size, "position": found.position})


@asynccontextmanager
async def _selected(run: Run, sheet: Sheet, select: Callable[[], Selection]) -> AsyncIterator[Snapshot[Any]]:
    try:
        must(await run.caller(), "exports:create")
        where, values = select()
    except Forbidden as refused:  # It was allowed when it was asked for.
        raise CannotBeDone(refused.code(), refused.detail) from None
    _, at_least = await run.parts.log.load(type(run.job), run.job.id)
    async with snapshot(run.parts.settings.database_url, sheet.model, where, values, at_least=at_least) as found:
        yield found


async def _write_lines(run: Run, sheet: Sheet, found: Snapshot[Any], draft: Path) -> int:
    wanted, done = run.job.parameters, 0
    encode = _csv if wanted["format"] == "csv" else _jsonl
    file = await asyncio.to_thread(create, draft)
    try:
        if wanted["format"] == "csv":
            file.write((BOM if wanted.get("bom") else b"") + row(sheet.cells).encode())
        async for part in found.parts:
            await asyncio.to_thread(_put, file, encode, sheet, part)
            done += len(part)
            if run.is_due:
                await run.say(done, found.count)
        await asyncio.to_thread(sync, file)
    finally:
        file.close()
    return done


def _put(file: BinaryIO, encode: Callable[[Sheet, Sequence[Any]], bytes], sheet: Sheet, part: Sequence[Any]) -> None:
    file.write(encode(sheet, part))


def _csv(sheet: Sheet, part: Sequence[Any]) -> bytes:
    return "".join([row(sheet.row(one)) for one in part]).encode()


def _jsonl(sheet: Sheet, part: Sequence[Any]) -> bytes:
    return b"".join([sheet.line(one) for one in part])


async def _write_pages(run: Run, sheet: Sheet, found: Snapshot[Any], draft: Path) -> int:
    if found.count > MOST_PAGED:
        raise CannotBeDone("too_many_rows", f"{found.count} {sheet.noun} fit; a PDF holds at most {MOST_PAGED}. Ask for less, or for CSV.")
    rows: list[Any] = [one async for part in found.parts for one in part]
    await run.say(0, len(rows))
    from infra.jobs.pages import write_pages

    left = threading.Event()

    def one_more() -> None:
        """Before each row: a thread cannot be cancelled, only asked."""
        run.must_go_on()
        if left.is_set():
            raise Stopped

    create(draft).close()  # For this user only.
    try:
        await asyncio.to_thread(write_pages, draft, sheet, rows, run.job.created_at, one_more)
    finally:
        left.set()
    return len(rows)
