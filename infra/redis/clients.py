"""Redis clients with time-outs that fit what they do (redis-py's default of 5 s and 10 retries breaks blocking reads)."""

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from infra.cancellation import heeding


class Client(Redis):
    """A client whose commands can be cancelled at any moment."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """As in redis-py."""
        return await heeding(super().execute_command(*args, **options))  # type: ignore[no-untyped-call]  # redis-py is not typed here


def client(url: str) -> Redis:
    """For short commands: answers within 2 s or fails."""
    return Client.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0, retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1))


def blocking_client(url: str) -> Redis:
    """For reads that wait for ever."""
    return Client.from_url(url, socket_timeout=None, socket_connect_timeout=2.0, socket_keepalive=True)
