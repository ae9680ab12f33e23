"""Cancelling must end a task, also where a library loses the cancellation that comes together with its answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

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


async def ended(*tasks: asyncio.Task[Any], again: float = 2.0) -> None:
    """End tasks and wait for them, whatever happens to whoever waits; a cancellation of his own is passed on afterwards.

    A cancellation that got lost all the same is repeated after `again` seconds: longer than an orderly ending takes.
    """
    pending, told = set(tasks), None
    while pending:
        for task in pending:
            task.cancel()
        try:
            _, pending = await asyncio.wait(pending, timeout=again)
        except asyncio.CancelledError as error:
            told = error
            pending = {task for task in pending if not task.done()}
    for task in tasks:
        if not task.cancelled():
            task.exception()  # Seen: it is not of interest any more.
    if told is not None:
        raise told
