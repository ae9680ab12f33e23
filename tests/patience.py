"""The parts of a Daybook wait for each other for seconds, then refuse. On a machine that has ten other things to do that is too short:
here they wait ten times as long. A test whose promise is about such seconds sets them itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

import pytest

from tests.eventually import BUSY

SECONDS: Final = (
    ("infra.postgres.append_call", "STALLED"),
    ("infra.postgres.appender", "PATIENCE"),
    ("infra.postgres.pipeline", "STALLED"),
    ("infra.postgres.tables", "PATIENCE"),
    ("infra.redis.caches", "PATIENCE"),
    ("infra.redis.fallback", "PATIENCE"),
    ("infra.redis.registry", "PATIENCE"),
)
_patch = pytest.MonkeyPatch()
_inside = 0


@contextmanager
def patient() -> Iterator[None]:
    """As long as anybody is in here."""
    global _inside  # noqa: PLW0603 — those of a folder and of a file come and go in any order.
    _inside += 1
    if _inside == 1:
        for name, seconds in SECONDS:
            module = import_module(name)
            _patch.setattr(module, seconds, BUSY * getattr(module, seconds))
    try:
        yield
    finally:
        _inside -= 1
        if not _inside:
            _patch.undo()
