"""A program of the operator's looks at every file before it is kept; where it cannot look, nothing is kept."""

import sys
from collections.abc import AsyncIterator

import pytest

from application.shared.outside import FileInfected, ScannerUnavailable
from infra.outside import scanner as module
from infra.outside.scanner import CommandScanner

# The test file of anti-malware vendors in two halves, so that none takes this file for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"


def looking(program: str) -> CommandScanner:
    return CommandScanner(f"{sys.executable} -I -c '{program}'")


async def content(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


READS = 'import sys; sys.exit(b"EICAR" in sys.stdin.buffer.read())'


async def test_clean_is_clean_and_harm_is_refused():
    await looking(READS).must_be_clean(content(b"hello", b" world"))
    await looking(READS).must_be_clean(content())
    with pytest.raises(FileInfected):
        await looking(READS).must_be_clean(content(EICAR[:40], EICAR[40:]))


async def test_a_program_that_knows_enough_early_is_believed():
    with pytest.raises(FileInfected):
        await looking("import sys; sys.exit(1)").must_be_clean(content(*[b"x" * 100_000] * 50))


@pytest.mark.parametrize("program", ["import sys; sys.exit(2)", "import os; os.kill(os.getpid(), 9)", "import time; time.sleep(9)"])
async def test_where_nobody_could_look_nothing_is_kept(program, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    with pytest.raises(ScannerUnavailable):
        await looking(program).must_be_clean(content(b"hello"))
    with pytest.raises(ScannerUnavailable):
        await CommandScanner("/nowhere/scan -").must_be_clean(content(b"hello"))
