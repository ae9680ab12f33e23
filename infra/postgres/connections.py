"""Connections with the session settings the append's safety rests on (mechanisms A7, A14)."""

from typing import Any, Final, LiteralString

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg_pool import AsyncConnectionPool

from infra.cancellation import heeding

SESSION: Final = (
    "-c role=daybook_app -c search_path=daybook,read_models -c lock_timeout=2s -c idle_in_transaction_session_timeout=5s"
    " -c client_connection_check_interval=500ms -c timezone=UTC -c jit=off"
)
LOOKUPS: Final = (
    " -c enable_bitmapscan=off -c enable_sort=off -c random_page_cost=0.01 -c seq_page_cost=0.01 -c plan_cache_mode=force_generic_plan"
)
"""For reads: every list is written so that an index gives it in its order. In a table that grew before anybody analysed it, the planner
would rather fetch all that one owner has and sort it: 1,000 pages/s instead of 3,900. And where pages cost next to nothing, the plan
that looks at the fewest rows is the best one; else it walks everybody's newest, which lie together, past those that are not the owner's.
So one plan does for all values; without being told, the server would plan a list anew each time, which costs more than the list itself.
"""
SOCKET: Final[dict[str, Any]] = {
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "connect_timeout": 5,
}


async def connect(url: str, *, name: LiteralString, planner: str = "", **options: Any) -> AsyncConnection[Any]:
    """An autocommit connection of the application's role; `name` shows in pg_stat_activity, `planner` adds to its settings."""
    return await AsyncConnection.connect(
        url, autocommit=True, options=SESSION + planner, application_name=f"daybook-{name}", prepare_threshold=0, **SOCKET, **options
    )


class Pool(AsyncConnectionPool[AsyncConnection[Any]]):
    """A pool whose waiting clients can be cancelled at any moment."""

    async def getconn(self, timeout: float | None = None) -> AsyncConnection[Any]:
        """A connection, given back at once if its client was cancelled while it came."""
        given: list[AsyncConnection[Any]] = []

        async def get() -> AsyncConnection[Any]:
            given.append(await super(Pool, self).getconn(timeout))
            return given[0]

        try:
            return await heeding(get())
        except BaseException:
            if given:
                await self.putconn(given[0])
            raise


def pool(url: str, *, name: LiteralString, size: int) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """A pool of autocommit connections, not yet opened."""
    arguments: dict[str, Any] = {"autocommit": True, "options": SESSION, "application_name": f"daybook-{name}", "prepare_threshold": 0, **SOCKET}
    return Pool(url, kwargs=arguments, min_size=size, max_size=size, open=False, timeout=2.0, name=name)


class _RawJson(Loader):
    """JSON columns arrive as the bytes that were written."""

    def load(self, data: Buffer) -> msgspec.Raw:
        return msgspec.Raw(bytes(data))


class _RawJsonBinary(_RawJson):
    format = Format.BINARY


for _loader in (_RawJson, _RawJsonBinary):
    psycopg.adapters.register_loader("json", _loader)
