"""Failed attempts counted in this process only: the twin for tests, and what is left while Redis is away."""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

import msgspec

from domain.shared.refused import TooManyRequests
from infra.addresses import network_of

KNOWN: Final = 30 * 86_400.0
"""Seconds for which an address is remembered from which somebody proved that an account is theirs."""
MOST: Final = 50_000
"""Names remembered at most in one process; past that, those are forgotten that nobody waits for."""


class Rule(msgspec.Struct, frozen=True):
    """After `free` failures there is a pause of 1 s, doubled by each further one up to `longest`; all is forgotten `kept` after the last."""

    name: str
    free: int
    longest: float
    kept: float

    def pause(self, failures: int) -> float:
        """Seconds until the next attempt after so many failures."""
        return 0.0 if failures < self.free else min(self.longest, 2.0 ** min(failures - self.free, 30))


PAIR: Final = Rule("pair", 5, 900, 1800)
"""One account from one address: the one rule that counts for everybody."""
ACCOUNT: Final = Rule("account", 20, 10, 900)
"""One account from anywhere. The pause is short, since it also meets an owner who comes from a new place."""
ADDRESS: Final = Rule("address", 50, 60, 900)
"""Any account from one address."""
RULES: Final = (PAIR, ACCOUNT, ADDRESS)


def names(account: str, address: str) -> tuple[str, str, str]:
    """Whom an attempt counts for: the pair, the account, the address."""
    network = network_of(address)
    return f"{account}\n{network}", account, network


def too_many(seconds: float) -> TooManyRequests:
    """The refusal of an attempt that comes too soon."""
    return TooManyRequests("Too many attempts failed; wait before the next one.", retry_after=max(1, ceil(seconds)))


class _Failures(msgspec.Struct, frozen=True):
    """How many there were, when another attempt may come, and until when they are remembered."""

    count: int
    next_at: float
    kept_until: float


NONE: Final = _Failures(0, 0.0, 0.0)


class MemoryAttempts:
    """The `Attempts` port. Growing pauses, never a lock: whoever signed in from an address before is met by the failures of that pair
    only, so nobody elsewhere can keep them out. Unknown accounts count like known ones.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: dict[tuple[str, str], _Failures] = {}
        self._known: dict[str, float] = {}

    @property
    def counted(self) -> dict[str, int]:
        """Failures of each account and address."""
        return {name: failures.count for (rule, name), failures in self._failures.items() if rule == PAIR.name}

    async def must_wait(self, account: str, address: str) -> None:
        """Raises `TooManyRequests` while another attempt would come too soon after those that failed."""
        asked = self._meeting(account, address)
        wait = max(self._failures.get((rule.name, name), NONE).next_at for rule, name in asked) - self._now()
        if wait > 0:
            raise too_many(wait)

    async def failed(self, account: str, address: str) -> None:
        """One more attempt on this account, from this address, failed."""
        now = self._now()
        if len(self._failures) >= MOST:
            self._failures = {name: one for name, one in self._failures.items() if one.next_at > now}
        for rule, name in self._meeting(account, address):
            before = self._failures.get((rule.name, name), NONE)
            count = before.count + 1 if before.kept_until > now else 1
            self._failures[rule.name, name] = _Failures(count, now + rule.pause(count), now + rule.kept)

    async def succeeded(self, account: str, address: str) -> None:
        """Somebody proved from this address that the account is theirs."""
        pair, _, _ = names(account, address)
        self._failures.pop((PAIR.name, pair), None)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[pair] = self._now() + KNOWN

    def _meeting(self, account: str, address: str) -> list[tuple[Rule, str]]:
        """The rules that an attempt meets, each with the name it counts under."""
        found = list(zip(RULES, names(account, address), strict=True))
        return found[:1] if self._known.get(found[0][1], 0.0) > self._now() else found
