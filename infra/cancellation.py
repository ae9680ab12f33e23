"""Cancelling a task once must end it, also where a library loses the cancellation that comes together with its answer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def heeding(work: Awaitable[Result]) -> Result:
    """What the work gives; raises `CancelledError` when the task was cancelled meanwhile and the work answered all the same.

    Seen in psycopg_pool (through `asyncio.wait_for` before Python 3.12, bpo-37658) and in redis-py. A loop that runs as long as its
    process is cancelled only once: without this it would go on for ever, and its process would not end.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    result = await work
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
    return result
