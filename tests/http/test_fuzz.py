"""A machine reads the document, tries what it says and what it forbids, and finds no answer that the document does not promise."""

import asyncio
import os
import shlex
import sys

import pytest

from infra.local.state import CLONE
from tests.http.listening import listening

CHECKS = """
--request-timeout 200 --checks all --exclude-checks positive_data_acceptance --seed 7 --no-shrink --continue-on-failure --no-color --warnings off
--generation-allow-x00 false --generation-database none --suppress-health-check all
"""
"""Of what fits the schema, schemathesis would have everything accepted; ours (fuzz_checks) knows which rules cannot stand there."""


@pytest.mark.parametrize(
    ("roles", "how"),
    [
        ("admin", "--phases examples,coverage"),
        ("admin auditor manager user node guest service anonymous", "--phases fuzzing --max-examples 8"),
    ],
)
async def test_schemathesis_finds_nothing_that_contradicts_the_document_whoever_asks(api, tmp_path, roles, how):
    admin = (await api.account("admin")).headers["Authorization"]
    async with listening(api) as http:
        url = str(http.base_url).rstrip("/")
        schemathesis = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CLONE / "tests" / "http" / "schemathesis.toml")]
        command = [*schemathesis, "run", f"{url}/openapi.json", *shlex.split(CHECKS), *shlex.split(how)]
        asked_as = {"FUZZ_URL": url, "FUZZ_ADMIN": admin, "FUZZ_ROLES": roles}
        environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.http.fuzz", "PYTHONPATH": str(CLONE)} | asked_as
        run = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        told, _ = await run.communicate()
    if run.returncode != 0:
        pytest.fail(told.decode())
