"""Creating tasks from a file: every row is judged by itself, and created once, however often a worker dies over it.

What a row wishes has an id that follows from the job and the line (mechanisms A8): a row that is read again after a death was granted before,
and that is what it is told. The place in the file is noted about once a second, after the errors up to there are on the disk.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, BinaryIO, Final

import msgspec

from application.jobs.files import RowError
from application.shared.permissions import must
from domain.shared.refused import Forbidden
from infra.jobs.files import reopen, sync
from infra.jobs.records import Cut, Record, count, lines, quoted
from infra.jobs.run import CannotBeDone, Run
from infra.jobs.runners import Done
from infra.jobs.task_creation import Creation, Rehearsal, Row
from infra.jobs.task_rows import HeaderRefused, RowRefused, TaskWish, columns_of, from_csv, from_json

AT_ONCE: Final = 500
"""Rows whose commands are under way together, so that they are written together."""
AT_ONCE_BYTES: Final = 2 * 1024 * 1024
"""Bytes of such rows: a few large ones take many times that once they are read."""
_encode: Final = msgspec.json.Encoder().encode


class Place(msgspec.Struct, frozen=True):
    """Where in the file an import stands, how its rows fared so far, and how many bytes of errors are vouched for."""

    offset: int = 0
    line: int = 1
    created: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0
    errors: int = 0
    total: int | None = None

    @property
    def done(self) -> int:
        """Rows that were judged."""
        return self.created + self.updated + self.skipped + self.refused


async def run(run: Run) -> Done:
    """Read the file from where it was left."""
    try:
        file = await asyncio.to_thread(run.files.incoming(run.owner_id, run.job.id).open, "rb")
    except FileNotFoundError:
        raise CannotBeDone("file_missing", "The file that was sent is not there any more.") from None
    dry = bool(run.job.parameters["dry_run"])
    begun = Place() if dry else msgspec.convert(run.checkpoint, Place)  # A rehearsal begins anew: what it remembers is not noted.
    errors = await asyncio.to_thread(reopen, run.files.errors_at(run.owner_id, run.job.id), begun.errors)
    try:
        place = await Import(run, file, errors, begun).go()
        await asyncio.to_thread(sync, errors)
    finally:
        file.close()
        errors.close()
    told = {"created": place.created, "updated": place.updated, "skipped": place.skipped, "refused": place.refused, "dry_run": dry}
    return Done(place.done, place.refused, told)


class Import:
    """One attempt."""

    def __init__(self, run: Run, file: BinaryIO, errors: BinaryIO, begun: Place) -> None:
        self._run = run
        self._file = file
        self._errors = errors
        self._place = begun
        self._cut: Cut = quoted if run.job.parameters["format"] == "csv" else lines
        self._columns: Any = None
        kind = Rehearsal if run.job.parameters["dry_run"] else Creation
        self._creation = kind(run.parts, run.job.id, run.job.parameters["on_duplicate"])

    async def go(self) -> Place:
        """To the end of the file; raises `CannotBeDone` for a file that names no columns, and what `Run.say` raises."""
        await self._begin()
        async for batch in self._batches():
            fates = await asyncio.gather(*map(self._creation.make, batch))
            self._note(Counter(fate for fate, _ in fates), [error for _, found in fates for error in found], batch[-1].record)
            if self._run.is_due:
                await self._say()
        return self._place

    async def _begin(self) -> None:
        await self._look_who_asks()
        if self._cut is quoted:
            first = next(quoted(self._file, 1), None)
            try:
                self._columns = columns_of(first or Record(1, b"", 0, 2))
            except HeaderRefused as refused:
                raise CannotBeDone("invalid_header", str(refused)) from None
        place = self._place
        if place.total is None:
            total = await asyncio.to_thread(count, self._file, self._cut)
            self._place = place = msgspec.structs.replace(place, total=total)
        if place.offset:
            self._file.seek(place.offset)
        else:
            self._file.seek(0)
            if self._cut is quoted and (first := next(quoted(self._file, 1), None)) is not None:
                self._place = msgspec.structs.replace(place, offset=first.after, line=first.next_line)

    async def _look_who_asks(self) -> None:
        caller = await self._run.caller()
        try:
            must(caller, "imports:create")
        except Forbidden as refused:
            raise CannotBeDone(refused.code(), refused.detail) from None
        self._creation.caller = caller

    async def _batches(self) -> AsyncIterator[list[Row]]:
        """Rows that may be under way together: in one batch no external id stands twice, so that the later row comes later."""
        batch, names, size = list[Row](), set[str](), 0
        for record in self._cut(self._file, self._place.line):
            read = self._read(record)
            name = read.fields.get("external_id") if isinstance(read, TaskWish) else None
            if len(batch) == AT_ONCE or size > AT_ONCE_BYTES or name in names:
                yield batch
                batch, names, size = [], set(), 0
            batch.append(Row(record, read))
            size += len(record.data)
            if name is not None:
                names.add(name)
        if batch:
            yield batch

    def _read(self, record: Record) -> TaskWish | RowRefused:
        try:
            return from_json(record) if self._columns is None else from_csv(record, self._columns)
        except RowRefused as refused:
            return refused

    def _note(self, fates: Counter[str], errors: list[RowError], last: Record) -> None:
        size = self._place.errors
        for error in errors:
            size += self._errors.write(_encode(error) + b"\n")
        grown = {fate: getattr(self._place, fate) + number for fate, number in fates.items()}
        self._place = msgspec.structs.replace(self._place, offset=last.after, line=last.next_line, errors=size, **grown)

    async def _say(self) -> None:
        await asyncio.to_thread(sync, self._errors)
        await self._look_who_asks()
        place = self._place
        await self._run.say(place.done, max(place.total or 0, place.done), place.refused, msgspec.structs.asdict(place))
