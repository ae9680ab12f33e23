"""The files of jobs in a folder that API and workers share: `OWNER/JOB.in`, `.1.part`, `.out` and `.errors`, readable by this user only.

A worker that was thought dead may wake up and go on writing until it hears that its job is another's: what it has open is nobody else's file.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

import msgspec

from application.jobs.files import FileTooLarge, ReceivedFile, ResultFile, RowError
from application.shared.outside import StoreUnavailable

PART: Final = 262_144
"""Bytes that are read or written at once."""
_error = msgspec.json.Decoder(RowError).decode


class JobFolder:
    """The `JobFiles` port, and where workers find their files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def incoming(self, owner_id: UUID, job_id: UUID) -> Path:
        """What is to be imported."""
        return self._of(owner_id) / f"{job_id}.in"

    def outgoing(self, owner_id: UUID, job_id: UUID) -> Path:
        """What comes out."""
        return self._of(owner_id) / f"{job_id}.out"

    def draft(self, owner_id: UUID, job_id: UUID, attempt: int) -> Path:
        """What comes out, while this attempt writes it."""
        return self._of(owner_id) / f"{job_id}.{attempt}.part"

    def errors_at(self, owner_id: UUID, job_id: UUID) -> Path:
        """What is wrong with single rows, a line of JSON each."""
        return self._of(owner_id) / f"{job_id}.errors"

    def _of(self, owner_id: UUID) -> Path:
        return self.folder / str(owner_id)

    def open_folder(self, owner_id: UUID) -> None:
        """Make the folder of a person."""
        self._of(owner_id).mkdir(mode=0o700, parents=True, exist_ok=True)

    async def receive(self, owner_id: UUID, job_id: UUID, parts: AsyncIterator[bytes], most: int) -> ReceivedFile:
        """Keep what is sent; it is on the disk when this returns. Raises `StoreUnavailable` for a disk that is full or away."""
        try:
            return await self._received(owner_id, job_id, parts, most)
        except OSError as error:
            raise StoreUnavailable(f"The disk does not take files ({error.strerror}).") from error

    async def _received(self, owner_id: UUID, job_id: UUID, parts: AsyncIterator[bytes], most: int) -> ReceivedFile:
        path, digest, size, waiting = self.incoming(owner_id, job_id), hashlib.sha256(), 0, bytearray()
        await asyncio.to_thread(self.open_folder, owner_id)
        file = await asyncio.to_thread(create, path)
        try:
            async for part in parts:
                size += len(part)
                if size > most:
                    raise FileTooLarge
                digest.update(part)
                waiting += part
                if len(waiting) >= PART:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(_finish, file, bytes(waiting))
        except BaseException:
            file.close()
            path.unlink(missing_ok=True)
            raise
        return ReceivedFile(size, digest.digest())

    async def forget(self, owner_id: UUID, job_id: UUID) -> None:
        """Delete all files of a job."""
        await asyncio.to_thread(self.remove, owner_id, job_id)

    def remove(self, owner_id: UUID, job_id: UUID) -> None:
        """Delete all files of a job, at once."""
        for path in self._of(owner_id).glob(f"{job_id}.*"):
            path.unlink(missing_ok=True)

    def erase(self, owner_id: UUID) -> None:
        """Delete everything that is kept for a person."""
        shutil.rmtree(self._of(owner_id), ignore_errors=True)

    def kept(self) -> dict[UUID, dict[UUID, float]]:
        """Owner → job → when its newest file was written (seconds since 1970). Names that are not ours are left alone."""
        found = dict[UUID, dict[UUID, float]]()
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            owner_id = _id(folder.name)
            if owner_id is not None and folder.is_dir():
                times = found.setdefault(owner_id, {})
                for path in folder.iterdir():
                    job_id = _id(path.name.partition(".")[0])
                    if job_id is not None:
                        times[job_id] = max(times.get(job_id, 0.0), path.stat().st_mtime)
        return found

    async def result(self, owner_id: UUID, job_id: UUID) -> ResultFile | None:
        """What came out, read while it is sent."""
        try:
            file = await asyncio.to_thread(self.outgoing(owner_id, job_id).open, "rb")
        except FileNotFoundError:
            return None
        return ResultFile(os.fstat(file.fileno()).st_size, _parts(file))

    async def errors(self, owner_id: UUID, job_id: UUID, after: int, limit: int) -> tuple[Sequence[RowError], int | None]:
        """Errors of rows behind a place in their file, and where the next ones are."""
        return await asyncio.to_thread(_read_errors, self.errors_at(owner_id, job_id), after, limit)


def create(path: Path) -> BinaryIO:
    """A new file, empty, for this user only."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


def reopen(path: Path, size: int) -> BinaryIO:
    """A copy of the first bytes of a file, in its place, to go on writing; what stands behind them was never vouched for, and goes."""
    fresh = path.with_name(f"{path.name}.new")
    file = create(fresh)
    if size:
        with path.open("rb") as old:
            while part := old.read(min(PART, size - file.tell())):
                file.write(part)
    fresh.replace(path)
    return file


def sync(file: BinaryIO) -> int:
    """Bring what was written onto the disk; how many bytes the file has."""
    file.flush()
    os.fsync(file.fileno())
    return file.tell()


def _finish(file: BinaryIO, rest: bytes) -> None:
    file.write(rest)
    sync(file)
    file.close()


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while part := await asyncio.to_thread(file.read, PART):
            yield part
    finally:
        file.close()


def _read_errors(path: Path, after: int, limit: int) -> tuple[Sequence[RowError], int | None]:
    found = list[RowError]()
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return found, None
    with file:
        file.seek(after)
        while len(found) < limit and (line := file.readline()).endswith(b"\n"):
            found.append(_error(line))
            after += len(line)
        return found, after if file.readline().endswith(b"\n") else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
