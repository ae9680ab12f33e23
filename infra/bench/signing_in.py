"""LOGIN: how many people sign in each second with bcrypt at its usual cost, and what all other requests notice of it."""

import asyncio
import statistics
import time
from typing import Any, Final

import httpx
import uvloop

from infra.bench.place import Place
from infra.bench.row import Row
from infra.bench.stage import wait_for
from infra.local.program import free_port
from infra.processes import relay, serve
from infra.security.passwords import THREADS, BcryptPasswords
from infra.settings import Settings

WHO: Final = {"email": "ada@example.org", "password": "a garden of forking paths"}
ASKING: Final = 4
"""Clients that read, one request after the other, each 10 ms apart."""
ENTERING: Final = 8
"""Clients that sign in, again and again."""
TURNS: Final = 3


def measure(port: int, seconds: float) -> list[dict[str, Any]]:
    """Latencies (ms) of a read and sign-ins per second: undisturbed, then while people sign in; in turn."""
    return uvloop.run(_measure(port, seconds))


async def _measure(port: int, seconds: float) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=httpx.Limits(max_connections=64)) as http:
        answer = await http.post("/api/v1/auth/register", json=WHO | {"name": "Ada"})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return [await _turn(http, headers, seconds, entering) for _ in range(TURNS) for entering in (0, ENTERING)]


async def _turn(http: httpx.AsyncClient, headers: dict[str, str], seconds: float, entering: int) -> dict[str, Any]:
    took: list[float] = []
    entered = 0
    until = time.perf_counter() + seconds

    async def ask() -> None:
        while (began := time.perf_counter()) < until:
            (await http.get("/api/v1/auth/me", headers=headers)).raise_for_status()
            took.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.01)

    async def enter() -> None:
        nonlocal entered
        while time.perf_counter() < until:
            (await http.post("/api/v1/auth/login", json=WHO)).raise_for_status()
            entered += time.perf_counter() < until

    await asyncio.gather(*(ask() for _ in range(ASKING)), *(enter() for _ in range(entering)))
    hundredths = statistics.quantiles(took, n=100)
    return {"p50": hundredths[49], "p99": hundredths[98], "rate": entered / seconds}


def alone(settings: Settings | None = None, seconds: float = 3.0) -> float:
    """Passwords compared each second when nothing else is done, in as many threads as the product uses."""
    assert settings is not None
    return asyncio.run(_alone(settings, seconds))


async def _alone(settings: Settings, seconds: float) -> float:
    passwords = BcryptPasswords.read(settings)
    hashed, began, compared = await passwords.hash("a"), time.perf_counter(), 0

    async def compare() -> None:
        nonlocal compared
        while time.perf_counter() < began + seconds:
            await passwords.verify("a", hashed)
            compared += 1

    await asyncio.gather(*(compare() for _ in range(THREADS)))
    passwords.stop()
    return compared / (time.perf_counter() - began)


def login(place: Place) -> list[Row]:
    """Sign-ins beside bare bcrypt, and the p99 of a read beside that of an idle server."""
    place.say("LOGIN: signing in, and reading meanwhile")
    settings, port = place.settings(), free_port()
    place.keep(relay.main, settings, port=free_port())
    place.keep(serve.main, settings, port=port)
    try:
        wait_for(place, port)
        told = place.run(measure, port=port, seconds=place.seconds(4))
        bare = [place.run(alone, settings, seconds=place.seconds(3)) for _ in range(TURNS)]
    finally:
        place.end()
    idle, busy = told[::2], told[1::2]
    before, meanwhile = (statistics.median(one["p50"] for one in side) for side in (idle, busy))
    return [
        Row.of(
            [one["rate"] for one in busy],
            bare,
            id="LOGIN",
            what="sign-ins, while others read",
            against="bare bcrypt in as many threads",
            unit="/s",
            reach=0.7,
            note=f"cost {settings.bcrypt_cost}, {THREADS} threads",
        ),
        Row.of(
            [one["p99"] for one in busy],
            [one["p99"] for one in idle],
            id="LOGIN-others",
            what="GET of another client, p99, while people sign in",
            against="the same on an idle server",
            unit="ms",
            reach=10,
            lower_is_better=True,
            note=f"p50 {before:.1f} ms idle, {meanwhile:.1f} ms meanwhile",
        ),
    ]
