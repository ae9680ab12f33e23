"""A machine reads the document, tries what it says and what it forbids, and finds no answer that the document does not promise."""

import asyncio
import os
import shlex
import sys
from pathlib import Path

import pytest

from infra.local.state import CLONE
from tests.http.listening import listening


async def fuzz(url: str, folder: Path, *words: str) -> None:
    """Fails with what schemathesis has to complain about."""
    fixed = shlex.split(
        "--checks all --exclude-checks positive_data_acceptance --phases examples,coverage,fuzzing --max-examples 4 --seed 7 --no-shrink"
        " --continue-on-failure --no-color --warnings off --generation-allow-x00 false --generation-database none --suppress-health-check all"
    )
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", *fixed, *words]
    # Of what fits the schema, schemathesis would have everything accepted; ours knows which rules cannot stand there.
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.http.fuzz_checks", "PYTHONPATH": str(CLONE)}
    run = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await run.communicate()
    if run.returncode != 0:
        pytest.fail(told.decode())


async def test_schemathesis_finds_nothing_that_contradicts_the_document(api, tmp_path):
    who = await api.account("admin")
    header = ("--header", f"Authorization: {who.headers['Authorization']}")
    async with listening(api) as http:
        # Signing out ends the session that all other requests need.
        await fuzz(str(http.base_url).rstrip("/"), tmp_path, *header, "--exclude-operation-id", "log_out")


async def test_signing_out_agrees_with_the_document_too(api, tmp_path):
    async with listening(api) as http:
        await fuzz(str(http.base_url).rstrip("/"), tmp_path, "--include-operation-id", "log_out")
