"""Rate limits in Redis, by the `limits` library: one count for all processes, changed by atomic scripts; each alone while Redis is away."""

import asyncio
import time
from collections.abc import Mapping
from math import ceil
from typing import Final
from uuid import UUID

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from redis.asyncio import Redis

from api.shared.limits import Policy, Taken
from application.shared.ports import Sealing
from infra.addresses import network_of
from infra.redis.fallback import Fallback

EXACT: Final = 1_000
"""Up to this limit each request is remembered with its moment; above, the counters of two windows stand for those in between."""
PART: Final = 200
"""A process takes at most this part of a limit at once."""
MOMENT: Final = 1.0
"""Seconds for which what was taken in advance, or that there is nothing left, is believed."""
KNOWN: Final = 20_000


class Bucket:
    """What one process knows of one caller under one policy: what it took in advance, and where the caller stood then."""

    __slots__ = ("item", "lock", "name", "reset_at", "shared", "size", "tokens", "until")

    def __init__(self, policy: Policy, name: str) -> None:
        self.item = RateLimitItemPerSecond(policy.limit, policy.seconds, policy.name)
        self.name = name
        self.lock = asyncio.Lock()
        self.tokens = 0
        self.size = 1
        self.shared = policy.limit
        self.until = self.reset_at = 0.0

    def told(self, now: float, *, allowed: bool) -> Taken:
        """How things stand."""
        return Taken(allowed, self.shared + self.tokens if allowed else 0, max(1, ceil(self.reset_at - now)))


class RedisLimits:
    """The `Limits` port. A caller in a hurry costs one question to Redis for many requests: of a large limit a process takes a part in
    advance, the larger the faster it was used up, and counts it as used at once, so that the sum never exceeds the limit.
    """

    def __init__(self, redis: Redis, policies: Mapping[str, Policy], sealing: Sealing) -> None:
        self._policies = policies
        self._sealing = sealing
        # The address is not used: the connections are those of our own client.
        shared = RedisStorage("async+redis://", implementation="redispy", key_prefix="limits", connection_pool=redis.connection_pool)  # type: ignore[arg-type]  # as documented there
        self._shared = (MovingWindowRateLimiter(shared), SlidingWindowCounterRateLimiter(shared))
        alone = MemoryStorage()
        self._alone = (MovingWindowRateLimiter(alone), SlidingWindowCounterRateLimiter(alone))
        self._fallback = Fallback("rate limits")
        self._buckets: dict[tuple[str, UUID | str], Bucket] = {}

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The policies of this system by name."""
        return self._policies

    async def take(self, policy: Policy, who: UUID | str) -> Taken:
        """Count one request."""
        bucket, now = self._buckets.get((policy.name, who)), time.monotonic()
        if bucket is None:
            bucket = self._new_bucket(policy, who, now)
        if now < bucket.until:
            if bucket.tokens:
                bucket.tokens -= 1
                return bucket.told(now, allowed=True)
            if bucket.shared == 0:
                return bucket.told(now, allowed=False)
        async with bucket.lock:
            now = time.monotonic()
            if not (now < bucket.until and (bucket.tokens or bucket.shared == 0)):
                await self._fill(bucket, policy, now)
            if not bucket.tokens:
                return bucket.told(now, allowed=False)
            bucket.tokens -= 1
            return bucket.told(now, allowed=True)

    async def _fill(self, bucket: Bucket, policy: Policy, now: float) -> None:
        in_a_hurry = now < bucket.until
        bucket.size = min(bucket.size * 2, max(1, policy.limit // PART)) if in_a_hurry else 1
        kind = 0 if policy.limit <= EXACT else 1
        got = await self._fallback(lambda: _take(self._shared[kind], bucket), lambda: _take(self._alone[kind], bucket))
        bucket.tokens, bucket.shared, reset_in = got
        # Two counters know only when there is one more; when there are all again, the window has passed.
        bucket.reset_at, bucket.until = now + (policy.seconds if kind and bucket.tokens else reset_in), now + MOMENT
        if not bucket.tokens:
            bucket.shared, bucket.until = 0, now + min(MOMENT, reset_in)

    def _new_bucket(self, policy: Policy, who: UUID | str, now: float) -> Bucket:
        if len(self._buckets) >= KNOWN:
            self._buckets = {key: one for key, one in self._buckets.items() if now < one.until or one.lock.locked()}
        # Redis need not know anybody's address.
        name = str(who) if isinstance(who, UUID) else self._sealing.hmac("limited address", network_of(who)).hex()
        bucket = self._buckets[policy.name, who] = Bucket(policy, name)
        return bucket


async def _take(limiter: RateLimiter, bucket: Bucket) -> tuple[int, int, float]:
    """How many requests were granted, how many more there are, and seconds until there are more."""
    granted = 0
    for size in dict.fromkeys((bucket.size, 1)):
        if await limiter.hit(bucket.item, bucket.name, cost=size):
            granted = size
            break
    reset_at, remaining = await limiter.get_window_stats(bucket.item, bucket.name)
    return granted, remaining, max(0.0, reset_at - time.time())
