"""What the API looks at to say how the system is: what it needs (database, migrations), and what it can do without for a while."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from api.shared.health import Health
from infra.app import System
from infra.postgres.migrate import known_migrations

FAR_BEHIND: Final = 5_000
"""Events a read model may be behind before health warns."""
REMEMBERED: Final = 1.0
PROJECTIONS: Final = """
    select m.model || ' b' || m.build, m.state, case when m.store = 'redis' then 0 else coalesce(e.position, 0) - m.position end,
           (select count(*) from parked p where p.model = m.model and p.build = m.build)
    from read_models m left join lateral (select position from events order by position desc limit 1) e on true
    where m.state in ('live', 'diverged', 'stopped')"""


def watch(health: Health, parts: System) -> None:
    """Register every check of the API."""
    newest = max(migration.number for migration in known_migrations())

    async def rows(query: Any) -> list[tuple[Any, ...]]:
        async with parts.log.readers.connection(timeout=1.0) as connection:
            return await (await connection.execute(query)).fetchall()

    async def database() -> str:
        found = (await rows("select max(number) from migrations"))[0][0]
        return "ok" if found == newest else f"migration {found} instead of {newest}"

    async def redis() -> str:
        await parts.redis.ping()
        return "ok"

    async def projections() -> str:
        wrong = [_wrong(*row) for row in await rows(PROJECTIONS)]
        return "; ".join(filter(None, wrong)) or "ok"

    health.require("database", _remembered(database))
    health.watch("redis", _remembered(redis))
    health.watch("projections", _remembered(projections))


def _wrong(name: str, state: str, behind: int, parked: int) -> str:
    if state != "live":
        return f"{name} is {state}"
    if parked:
        return f"{name} has {parked} parked keys"
    return f"{name} is {behind} events behind" if behind > FAR_BEHIND else ""


def _remembered(check: Callable[[], Awaitable[str]]) -> Callable[[], Awaitable[str]]:
    """The answer of a check, at most a second old, so that asking often costs nothing; an error is an answer, too."""
    until, answer = 0.0, ""

    async def ask() -> str:
        nonlocal until, answer
        if time.monotonic() >= until:
            try:
                answer = await check()
            except (psycopg.Error, PoolTimeout, RedisError, OSError) as error:
                answer = f"unreachable: {type(error).__name__}"
            until = time.monotonic() + REMEMBERED
        return answer

    return ask
