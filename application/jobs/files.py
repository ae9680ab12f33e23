"""The files of jobs as the API needs them: what was sent to be imported, what came out, and what was wrong with single rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from domain.shared.refused import Refused


class FileTooLarge(Refused):
    """The file is larger than files may be here."""


class RowError(msgspec.Struct, frozen=True):
    """One thing that does not fit in one row. `line` counts the lines of the file from 1; `field` is a column, empty for the row itself."""

    line: int
    field: str
    code: str
    message: str


class ReceivedFile(msgspec.Struct, frozen=True):
    """A file as it was sent."""

    size: int
    digest: bytes
    """SHA-256."""


class ResultFile(msgspec.Struct, frozen=True):
    """A file to be sent: its size in bytes, and its bytes in parts."""

    size: int
    parts: AsyncIterator[bytes]


class JobFiles(Protocol):
    """One folder of files per person, so that erasing somebody erases these."""

    async def receive(self, owner_id: UUID, job_id: UUID, parts: AsyncIterator[bytes], most: int) -> ReceivedFile:
        """Keep what is sent, part by part; raises `FileTooLarge` beyond so many bytes, `StoreUnavailable`, and keeps nothing then."""

    async def forget(self, owner_id: UUID, job_id: UUID) -> None:
        """Delete all files of a job."""

    async def result(self, owner_id: UUID, job_id: UUID) -> ResultFile | None:
        """What came out; None where it is not there (any more)."""

    async def errors(self, owner_id: UUID, job_id: UUID, after: int, limit: int) -> tuple[Sequence[RowError], int | None]:
        """Errors of rows behind a place in their file (0: its beginning), and where the next ones are."""
