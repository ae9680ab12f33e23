"""The parts of a Daybook wait for each other for seconds, then refuse. On a machine that has ten other things to do that is too short:
here they wait `BUSY` times as long. A test whose promise is about such seconds sets them itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import pytest
from psycopg_pool import AsyncConnectionPool

from infra.postgres import connections
from infra.postgres.hot_reads import HotReads
from infra.redis import clients
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


def _patient_pool(self: Any, *args: Any, timeout: float, **more: Any) -> None:
    AsyncConnectionPool.__init__(self, *args, timeout=BUSY * timeout, **more)


class PatientClient(clients.Client):
    """For `clients.Client`."""

    @classmethod
    def from_url(cls, url: str, **more: Any) -> Any:
        return super().from_url(url, **{name: BUSY * value if name.endswith("timeout") and value else value for name, value in more.items()})


@contextmanager
def patient() -> Iterator[None]:
    """As long as anybody is in here."""
    global _inside  # noqa: PLW0603 — those of a folder, of a file and of a test come and go in any order.
    _inside += 1
    if _inside == 1:
        for name, seconds in SECONDS:
            module = import_module(name)
            _patch.setattr(module, seconds, BUSY * getattr(module, seconds))
        known: dict[str, Any] = HotReads.__init__.__kwdefaults__
        _patch.setitem(known, "patience", BUSY * known["patience"])
        _patch.setattr(connections.Pool, "__init__", _patient_pool)
        _patch.setattr(clients, "Client", PatientClient)
    try:
        yield
    finally:
        _inside -= 1
        if not _inside:
            _patch.undo()
