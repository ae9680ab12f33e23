"""One JSON line per request, written in handfuls: bodies, queries and secrets are never in it."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

HANDFUL: Final = 64 * 1024
SECONDS: Final = 0.25


class Line(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who asked what, and how it ended."""

    timestamp: datetime
    level: str
    event: str
    process: str
    method: str
    path: str
    route: str
    status: int
    milliseconds: float
    trace_id: str
    principal: UUID | None = None
    address: str = ""


class AccessLog:
    """Collects lines and writes them a few times a second."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._size = 0

    def note(self, scope: Any, status: int, seconds: float, trace_id: str) -> None:
        """Note a finished request."""
        if not self._enabled:
            return
        level = "warning" if status >= 500 else "info"
        who, client = scope.get("user"), scope.get("client")
        line = self._encode(
            Line(
                datetime.now(UTC),
                level,
                "request",
                "serve",
                scope["method"],
                scope["path"],
                scope.get("path_template") or "",
                status,
                round(seconds * 1000, 2),
                trace_id,
                getattr(who, "id", None),
                client[0] if client else "",
            )
        )
        self._lines.append(line)
        self._size += len(line)
        if self._size > HANDFUL:
            self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        if self._lines:
            lines, self._lines, self._size = self._lines, [], 0
            sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
            sys.stdout.buffer.flush()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await asyncio.sleep(SECONDS)
                self.flush()
        finally:
            self.flush()
