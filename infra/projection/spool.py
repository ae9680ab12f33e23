"""Raw rows of the log in one temporary file per part, so that a part can be folded by itself in bounded memory."""

import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from uuid import UUID

from infra.projection.bulk_read import HEAD, Raw

READ: Final = 4 * 1024 * 1024
BUFFERS: Final = 64 * 1024 * 1024
"""Bytes in memory for all files together."""
_size: Final = struct.Struct(">i").unpack_from
Place = Callable[[Raw], Iterable[int]]


class Spool:
    """The files of one build. `has_metadata`: rows end with their metadata."""

    def __init__(self, log_id: UUID, build: str, parts: int, *, has_metadata: bool) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"daybook-{log_id}-{build}"
        self.parts = parts
        self._has_metadata = has_metadata

    def is_complete(self, plan: str) -> bool:
        """Whether all rows of this plan were written, maybe by a process that was killed later."""
        mark = self.folder / "complete"
        return mark.exists() and self.folder.stat().st_uid == os.getuid() and mark.read_text() == plan

    def write(self, rows: Iterable[Raw], place: Place, plan: str) -> None:
        """Write every row to the parts it belongs to; the mark of completeness comes last."""
        self.remove()
        self.folder.mkdir(mode=0o700)
        buffer = max(16 * 1024, min(1024 * 1024, BUFFERS // self.parts))
        with ExitStack() as stack:
            puts = [stack.enter_context(self._path(part).open("wb", buffering=buffer)).write for part in range(self.parts)]
            for row in rows:
                for part in place(row):
                    puts[part](row)
        (self.folder / "complete").write_text(plan)

    def read(self, part: int) -> Iterator[bytes]:
        """The rows of one part, in the order they were written."""
        head, more, rest = HEAD.size, self._has_metadata, b""
        with self._path(part).open("rb", buffering=0) as file:
            while piece := file.read(READ):
                rest += piece
                start, there = 0, len(rest)
                while start + head <= there:
                    end: int = start + head + _size(rest, start + head - 4)[0]
                    if more:
                        if end + 4 > there:
                            break
                        end += 4 + _size(rest, end)[0]
                    if end > there:
                        break
                    yield rest[start:end]
                    start = end
                rest = rest[start:]

    def remove(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, part: int) -> Path:
        return self.folder / f"{part:05}.rows"


def by_stream(parts: int) -> Place:
    """A place by the last two bytes of the stream's id: nothing need be decoded where the key is the stream."""
    places = [(part,) for part in range(parts)]
    return lambda row: places[(row[32] << 8 | row[33]) % parts]
