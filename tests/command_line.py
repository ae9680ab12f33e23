"""`daybook`, as a person or a script calls it, in this process and on a system that the environment names."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from click.testing import CliRunner, Result

from infra.cli import daybook
from infra.settings import Settings


def command_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[Result]]:
    """What calls it at the servers of these settings, word by word."""
    values = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    for name, value in {**values, "MASTER_KEY": "x", "SECRET_KEY": "x", "JWT_PRIVATE_KEYS": "x"}.items():
        monkeypatch.setenv(name, value)

    async def called(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, daybook, list(words))

    return called
