"""Beside the API: what was counted of refusals is written when its minute is over, and at an orderly end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from application.audit.incidents import Incidents
from infra.cancellation import ended

SECONDS: Final = 1.0


def summing_up(incidents: Incidents) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """A part of the API's life."""

    @asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        again = asyncio.create_task(_now_and_then(incidents), name="summing up")
        try:
            yield
        finally:
            await ended(again)
            await incidents.sum_up(everything=True)

    return life


async def _now_and_then(incidents: Incidents) -> None:
    while True:
        await asyncio.sleep(SECONDS)
        await incidents.sum_up()
