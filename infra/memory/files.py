"""Bytes of files in memory, for tests of what is around them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from application.shared.outside import BytesMissing

PIECE = 4


class MemoryDraft:
    """Bytes on their way."""

    def __init__(self, keep: Callable[[bytes], None]) -> None:
        self._keep = keep
        self._bytes = b""

    async def write(self, piece: bytes) -> None:
        """The next bytes."""
        self._bytes += piece

    async def pieces(self) -> AsyncIterator[bytes]:
        """What was written so far."""
        yield self._bytes

    async def keep(self) -> None:
        """They are to stay."""
        self._keep(self._bytes)


class MemoryFiles:
    """The `ByteStore` port; `files` holds what was kept, with when."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.files: dict[UUID, tuple[datetime, bytes]] = {}
        self._now = now

    @asynccontextmanager
    async def draft(self, key: UUID) -> AsyncIterator[MemoryDraft]:
        """Begin to write."""

        def keep(found: bytes) -> None:
            self.files[key] = (self._now(), found)

        yield MemoryDraft(keep)

    async def read(self, key: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, a few at a time."""
        if key not in self.files and start < end:
            raise BytesMissing
        for place in range(start, end, PIECE):
            yield self.files[key][1][place : min(place + PIECE, end)]

    async def drop(self, key: UUID) -> None:
        """Delete them."""
        self.files.pop(key, None)

    async def until(self, moment: datetime) -> AsyncIterator[UUID]:
        """The keys of what is older."""
        for key in [key for key, (at, _) in self.files.items() if at < moment]:
            yield key
