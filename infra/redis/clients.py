"""Redis clients with time-outs that fit what they do (redis-py's default of 5 s and 10 retries breaks blocking reads)."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff


def client(url: str) -> Redis:
    """For short commands: answers within 2 s or fails."""
    return Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0, retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1))


def blocking_client(url: str) -> Redis:
    """For reads that wait for ever."""
    return Redis.from_url(url, socket_timeout=None, socket_connect_timeout=2.0, socket_keepalive=True)
