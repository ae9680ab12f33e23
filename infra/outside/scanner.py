"""Looking at files for harm with a program of the operator's choice, such as `clamdscan --no-summary -`."""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator
from typing import Final

from application.shared.outside import FileInfected, ScannerUnavailable
from infra.settings import Settings

HARMFUL: Final = 1
"""What ClamAV's programs end with when they found something."""
AT_ONCE: Final = 4
PATIENCE: Final = 60.0
"""Seconds a program may look at one file."""


class CommandScanner:
    """The `Scanner` port. The program gets the file on its standard input; what it says is not read, only how it ends."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)
        self._free = asyncio.Semaphore(AT_ONCE)

    async def must_be_clean(self, pieces: AsyncIterator[bytes]) -> None:
        """Whatever else it ends with than clean or harmful means that nobody looked."""
        try:
            async with self._free, asyncio.timeout(PATIENCE):
                code = await self._run(pieces)
        except (OSError, TimeoutError) as error:
            raise ScannerUnavailable from error
        if code == HARMFUL:
            raise FileInfected
        if code != 0:
            raise ScannerUnavailable

    async def _run(self, pieces: AsyncIterator[bytes]) -> int:
        silent = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.PIPE, stdout=silent, stderr=silent)
        try:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # It may know enough after the first bytes.
                async for piece in pieces:
                    process.stdin.write(piece)
                    await process.stdin.drain()
                process.stdin.close()
                await process.stdin.wait_closed()
            return await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def scanner_of(settings: Settings) -> CommandScanner | None:
    """The program the settings name; None where they name none."""
    return CommandScanner(settings.file_scan_command) if settings.file_scan_command else None
