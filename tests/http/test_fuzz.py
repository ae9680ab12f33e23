"""A machine reads the document, tries what it says and what it forbids, and finds no answer that the document does not promise."""

import asyncio
import shlex
import sys
from pathlib import Path

import pytest

from tests.http.listening import listening

# What fits the schema may still come too late, or twice: that is no rejection of the data.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422"]
"""


async def fuzz(url: str, folder: Path, *words: str) -> None:
    """Fails with what schemathesis has to complain about."""
    (folder / "schemathesis.toml").write_text(SETTINGS)
    fixed = shlex.split(
        "--checks all --phases examples,coverage,fuzzing --max-examples 4 --seed 7 --no-shrink --continue-on-failure --no-color --warnings off"
        " --generation-allow-x00 false --generation-database none --suppress-health-check all"
    )
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", *fixed, *words]
    run = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    told, _ = await run.communicate()
    if run.returncode != 0:
        pytest.fail(told.decode())


@pytest.mark.parametrize("role", ["admin", "node"])
async def test_schemathesis_finds_nothing_that_contradicts_the_document(api, tmp_path, role):
    who = await api.account(role)
    header = ("--header", f"Authorization: {who.headers['Authorization']}")
    async with listening(api) as http:
        # Signing out ends the session that all other requests need.
        await fuzz(str(http.base_url).rstrip("/"), tmp_path, *header, "--exclude-operation-id", "log_out")


async def test_signing_out_agrees_with_the_document_too(api, tmp_path):
    async with listening(api) as http:
        await fuzz(str(http.base_url).rstrip("/"), tmp_path, "--include-operation-id", "log_out")
