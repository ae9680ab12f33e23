"""Bytes of files on this machine's disk, outside of everything that is served: one file each, named by its key."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from application.shared.outside import BytesMissing, StoreUnavailable

PIECE: Final = 262_144
"""Bytes that are read or written at once."""


class LocalDraft:
    """Bytes in a file of their own, which is renamed into its place once they are on the disk."""

    def __init__(self, draft: Path, place: Path) -> None:
        self._draft = draft
        self._place = place
        self._waiting = bytearray()
        self._handle = -1

    async def write(self, piece: bytes) -> None:
        """The next bytes."""
        self._waiting += piece
        if len(self._waiting) >= PIECE:
            await _on_disk(self._flush)

    async def pieces(self) -> AsyncIterator[bytes]:
        """What was written so far."""
        await _on_disk(self._flush)
        place = 0
        while piece := await _on_disk(os.pread, self._handle, PIECE, place):
            place += len(piece)
            yield piece

    async def keep(self) -> None:
        """Bytes first, then their name, then the folder that says so: a crash leaves all of it or a draft."""
        await _on_disk(self._settle)

    def close(self) -> None:
        """Forget what was not kept."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        with suppress(OSError):  # Where it cannot go now, it goes when drafts of its age do.
            self._draft.unlink()

    def _flush(self) -> None:
        if self._handle < 0:
            self._draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        rest = memoryview(bytes(self._waiting))
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        self._waiting.clear()

    def _settle(self) -> None:
        self._flush()
        os.fsync(self._handle)
        self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._draft.rename(self._place)
        for folder in (self._place.parent, self._place.parent.parent):
            _fsync(folder)


class LocalFiles:
    """The `ByteStore` port. Folders are made when they are first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = folder / "drafts"

    @asynccontextmanager
    async def draft(self, key: UUID) -> AsyncIterator[LocalDraft]:
        """Begin to write."""
        draft = LocalDraft(self._drafts / key.hex, self._place(key))
        try:
            yield draft
        finally:
            await asyncio.shield(asyncio.to_thread(draft.close))

    async def read(self, key: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`."""
        try:
            handle = await _on_disk(lambda: self._place(key).open("rb", buffering=0))
        except FileNotFoundError as error:
            raise BytesMissing from error
        try:
            while start < end:
                piece = await _on_disk(os.pread, handle.fileno(), min(PIECE, end - start), start)
                if not piece:
                    raise BytesMissing
                start += len(piece)
                yield piece
        finally:
            handle.close()

    async def drop(self, key: UUID) -> None:
        """Delete them."""
        await _on_disk(lambda: self._place(key).unlink(missing_ok=True))

    async def until(self, moment: datetime) -> AsyncIterator[UUID]:
        """The keys of what is older; drafts of that age are deleted."""
        old = moment.timestamp()
        for path in await _on_disk(lambda: list(self._older(old))):
            if path.parent == self._drafts:
                await _on_disk(lambda path=path: path.unlink(missing_ok=True))
            else:
                yield UUID(path.name)

    async def close(self) -> None:
        """Nothing is held open."""

    def _place(self, key: UUID) -> Path:
        return self._folder / key.hex[-2:] / key.hex

    def _older(self, than: float) -> Iterator[Path]:
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):  # It may go at any moment.
                if path.is_file() and path.stat().st_mtime < than:
                    yield path


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _on_disk(work: Any, *arguments: Any) -> Any:
    """Do it beside the event loop; raises `StoreUnavailable` for a disk that is full or away."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreUnavailable(f"The disk does not take or give files ({error.strerror}).") from error
