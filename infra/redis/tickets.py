"""Single-use tickets in Redis: kept under a hash, with the proof they stand for sealed, and gone after 30 s."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Final
from uuid import UUID

from redis.asyncio import Redis

from application.shared.ports import Sealing

SECONDS: Final = 30
KIND: Final = "live_ticket"


class RedisTickets:
    """The `Tickets` port. Raises `RedisError` while Redis is away."""

    def __init__(self, redis: Redis, sealing: Sealing) -> None:
        self._redis = redis
        self._sealing = sealing

    async def issue(self, proof: str) -> str:
        """A new ticket: 256 random bits."""
        ticket = urlsafe_b64encode(self._sealing.new_key()).rstrip(b"=").decode()
        name, bound = _name(ticket)
        await self._redis.set(name, self._sealing.seal(KIND, bound, proof.encode()), ex=SECONDS)
        return ticket

    async def redeem(self, ticket: str) -> str | None:
        """What it stood for, the first time it is asked."""
        name, bound = _name(ticket)
        sealed = await self._redis.getdel(name)
        return self._sealing.open(KIND, bound, sealed).decode() if isinstance(sealed, bytes) else None


def _name(ticket: str) -> tuple[str, UUID]:
    digest = hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()
    return f"daybook.live:{digest.hex()}", UUID(bytes=digest[:16])
