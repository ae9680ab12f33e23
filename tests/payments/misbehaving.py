"""How tests speak to the payment provider that misbehaves on command (`provider`): start it, tell it what goes wrong, see what it did."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.payments.provider import KEY

HOUSE = Path(__file__).parents[2]
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def silences(seconds: float) -> list[dict[str, Any]]:
    """All that may go wrong so that nobody knows what came of a call, for who waits for less than so many seconds."""
    return [
        {"what": "error", "done": True},
        {"what": "error", "done": False},
        {"what": "cut", "done": True},
        {"what": "cut", "done": False},
        {"what": "half", "done": True},
        {"what": "garbage", "done": True},
        {"what": "redirect", "done": False},
        {"what": "endless", "done": True},
        {"what": "late", "done": True, "seconds": seconds},
        {"what": "never", "done": False, "seconds": seconds},
    ]


class Misbehaving:
    """A provider that runs, at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.hook = ""
        """Where tests let it tell."""
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=50)

    @property
    def settings(self) -> dict[str, Any]:
        """What makes a Daybook ask it."""
        return {
            "payment_provider": "http",
            "payment_provider_url": self.url,
            "payment_provider_key": KEY,
            "payment_webhook_secret": WEBHOOK_SECRET,
        }

    async def behave(self, *troubles: dict[str, Any]) -> None:
        """From now on only these go wrong: see `provider.Trouble`."""
        await self._tell("behave", list(troubles))

    async def webhooks(self, url: str, **how: Any) -> None:
        """Tell by itself from now on: see `provider.Telling`."""
        await self._tell("webhooks", {"url": url, "secret": WEBHOOK_SECRET} | how)

    async def quiet(self) -> None:
        """Nothing goes wrong, and it tells nothing by itself."""
        await self._tell("behave", [])
        await self._tell("webhooks", None)

    async def journal(self) -> list[dict[str, Any]]:
        """What was done, in its order."""
        return (await self._tell("look", None))["journal"]

    async def asked(self, payment_id: Any) -> list[dict[str, Any]]:
        """The calls for a payment, `step`, `key` and when (`at`, its own seconds)."""
        return [one for one in (await self._tell("look", None))["asked"] if one["payment_id"] == str(payment_id)]

    async def told(self) -> tuple[list[int], int]:
        """The statuses webhooks were answered with, and how many are still to be sent."""
        seen = await self._tell("look", None)
        return seen["told"], seen["telling"]

    async def times(self, payment_id: Any) -> Counter[str]:
        """How often each step was done for a payment."""
        return Counter(one["step"] for one in await self.journal() if one["payment_id"] == str(payment_id))

    async def _tell(self, what: str, body: Any) -> Any:
        return (await self._http.post(f"/admin/{what}", json=body)).json()

    async def close(self) -> None:
        """Speak no more to it."""
        await self._http.aclose()


@asynccontextmanager
async def misbehaving(port: int = 0) -> AsyncIterator[Misbehaving]:
    """Running, until it is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.payments.provider", str(port), cwd=HOUSE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    provider = Misbehaving(f"http://127.0.0.1:{int(await process.stdout.readline())}")
    try:
        yield provider
    finally:
        await provider.close()
        process.kill()
        await process.wait()
