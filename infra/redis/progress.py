"""The push that wakes waiting reads (R10): consumers say how far a read model has come, API processes listen."""

import asyncio
import contextlib
import logging
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.redis.clients import blocking_client
from projections.shared.read_model import ReadModel

log = logging.getLogger(__name__)
CHANNEL: Final = "daybook.progress"
POLL: Final = 0.1
"""Seconds after which a waiting read looks for itself."""


class ProgressTeller:
    """The consumers' side."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def moved(self, position: int, *tables: str) -> None:
        """Tell whoever waits, in one message; nobody is owed this, readers also poll."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.publish(CHANNEL, "\n".join(f"{table} {position}" for table in tables))


class Progress:
    """The readers' side."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._changed: dict[str, asyncio.Event] = {}
        self.is_ending = False
        """This process is to end: who waits without need is sent away."""

    async def run(self) -> None:
        """Listen until cancelled; reconnects by itself."""
        while True:
            redis = blocking_client(self._url)
            try:
                async with redis, redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        for line in bytes(message["data"]).decode().splitlines():
                            self._wake(line.partition(" ")[0])
            except (RedisError, OSError) as error:
                log.warning("no push from the consumers; reads poll", extra={"error": repr(error)})
                await asyncio.sleep(0.5)

    def _wake(self, table: str) -> None:
        changed = self._changed.pop(table, None)
        if changed is not None:
            changed.set()

    async def next(self, model: ReadModel[Any], timeout: float) -> None:
        """Until the model has moved, or it is time to look anyway."""
        changed = self._changed.setdefault(model.table, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(timeout, POLL)):  # `wait_for` can swallow a cancellation before Python 3.12.
                await changed.wait()
