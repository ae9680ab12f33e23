"""Failed attempts counted in Redis, for all processes together: one atomic script each for asking, failing and succeeding."""

from typing import Final

from redis.asyncio import Redis

from application.shared.ports import Sealing
from infra.memory.attempts import KNOWN, RULES, MemoryAttempts, names, too_many
from infra.redis.fallback import Fallback

# Keys: whether the pair is known, then count and pause of the pair, the account, the address. How long a pause still lasts is what
# Redis itself knows of the key that stands for it, so no clock of ours is asked.
ASK: Final = """
local wait = redis.call('PTTL', KEYS[3])
if redis.call('EXISTS', KEYS[1]) == 0 then wait = math.max(wait, redis.call('PTTL', KEYS[5]), redis.call('PTTL', KEYS[7])) end
return wait
"""
FAIL: Final = """
local rules = redis.call('EXISTS', KEYS[1]) == 0 and 3 or 1
for rule = 1, rules do
  local free, longest, kept = tonumber(ARGV[rule * 3 - 2]), tonumber(ARGV[rule * 3 - 1]), tonumber(ARGV[rule * 3])
  local failures = redis.call('INCR', KEYS[rule * 2])
  redis.call('PEXPIRE', KEYS[rule * 2], kept)
  if failures >= free then
    redis.call('SET', KEYS[rule * 2 + 1], '', 'PX', math.min(longest, 1000 * 2 ^ math.min(failures - free, 30)))
  end
end
return 0
"""
SUCCEED: Final = """
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return 0
"""


class RedisAttempts:
    """The `Attempts` port. Names and addresses stand in Redis as HMACs only; while it is away each process counts alone."""

    def __init__(self, redis: Redis, sealing: Sealing) -> None:
        self._sealing = sealing
        self._ask, self._fail, self._succeed = (redis.register_script(script) for script in (ASK, FAIL, SUCCEED))
        self._rules = [number for rule in RULES for number in (rule.free, int(1000 * rule.longest), int(1000 * rule.kept))]
        self._alone = MemoryAttempts()
        self._fallback = Fallback("attempts")

    async def must_wait(self, account: str, address: str) -> None:
        """Raises `TooManyRequests` while another attempt would come too soon after those that failed."""

        async def ask() -> None:
            wait = int(await self._ask(keys=self._keys(account, address)))
            if wait > 0:
                raise too_many(wait / 1000)

        await self._fallback(ask, lambda: self._alone.must_wait(account, address))

    async def failed(self, account: str, address: str) -> None:
        """One more attempt on this account, from this address, failed."""

        async def fail() -> None:
            await self._fail(keys=self._keys(account, address), args=self._rules)

        await self._fallback(fail, lambda: self._alone.failed(account, address))

    async def succeeded(self, account: str, address: str) -> None:
        """Somebody proved from this address that the account is theirs."""

        async def succeed() -> None:
            await self._succeed(keys=self._keys(account, address), args=[int(1000 * KNOWN)])

        await self._fallback(succeed, lambda: self._alone.succeeded(account, address))

    def _keys(self, account: str, address: str) -> list[str]:
        known = zip(RULES, names(account, address), strict=True)
        found = [f"{rule.name}:{self._sealing.hmac(f'attempts by {rule.name}', name).hex()}" for rule, name in known]
        return [f"attempts:known:{found[0]}", *(f"attempts:{name}{part}" for name in found for part in ("", ":pause"))]
