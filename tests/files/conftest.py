"""Stores of files: in memory, on this machine's disk, and on an S3-compatible server that checks signatures."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.memory.files import MemoryFiles
from infra.outside.local_files import LocalFiles
from infra.outside.s3_files import S3Files
from infra.outside.s3_signature import Credentials
from tests.files.http import KIB
from tests.http.daybook import Api, shared
from tests.servers import Servers


@pytest.fixture(scope="session")
def s3_server() -> Iterator[dict[str, str]]:
    """Its address and the keys of who may in."""
    command = [sys.executable, "-P", "-W", "ignore", str(Path(__file__).with_name("s3_server.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


@pytest.fixture(params=["memory", "local", pytest.param("s3", marks=pytest.mark.server)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryFiles()
    elif request.param == "local":
        yield LocalFiles(tmp_path / "files")
    else:
        server = request.getfixturevalue("s3_server")
        found = s3(server, f"s3://daybook-files/{tmp_path.name}")
        yield found
        await found.close()


def s3(server: dict[str, str], store: str, secret_key: str = "") -> S3Files:
    by = Credentials(server["access_key"], secret_key or server["secret_key"], "eu-west-1")
    return S3Files(store, server["endpoint"], by)


@pytest.fixture(scope="package")
async def api(servers: Servers) -> AsyncIterator[Api]:
    async with shared(servers, file_size_limit=64 * KIB, file_quota=200 * KIB) as running:
        yield running
