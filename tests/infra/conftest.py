"""Fixtures for tests of `up`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.doubles.run import Up


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a clone" / ".daybook"


@pytest.fixture
def start(folder: Path) -> Iterator[object]:
    folder.parent.mkdir()
    runs: list[Up] = []

    def begin(*words: str, port: int = 0, environment: dict[str, str] | None = None) -> Up:
        runs.append(Up(folder, *words, port=port, environment=environment))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
