"""Who folds which build: a lease with an epoch, and the position that is moved under it."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.projection.checkpoint import Checkpoint

LEASE: Final = 2
"""Seconds a consumer keeps a build without writing to it or renewing."""
FOLDED: Final = ("live", "previous", "ready", "diverged")


class Build(msgspec.Struct, frozen=True):
    """One build: `building` (bulk fill), `ready` (filled, folded, not seen yet), `live`, `previous` (folded, for roll-back),
    `diverged`, `stopped`.
    """

    model: str
    build: int
    store: str
    state: str
    checkpoint: Checkpoint
    epoch: int
    holder: UUID | None
    is_held: bool
    parked: int


class Leases:
    """The rows of the table `read_models`, as those use them who fold and react."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], me: UUID) -> None:
        self._pool = pool
        self._me = me

    async def _run(self, query: Any, *arguments: Any) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, arguments)
            return await cursor.fetchall() if cursor.description else []

    async def all(self) -> list[Build]:
        """Every build and reaction, by name."""
        rows = await self._run(
            """select m.model, m.build, m.store, m.state, m.log_id, m.position, m.stream_id, m.version, m.epoch, m.holder,
                      coalesce(m.held_until > clock_timestamp(), false),
                      (select count(*) from parked p where p.model = m.model and p.build = m.build)
               from read_models m order by m.model, m.build"""
        )
        return [Build(*[*row[:4], Checkpoint(*row[4:8]), *row[8:]]) for row in rows]

    async def acquire(self, model: str, build: int) -> Build | None:
        """Take (or keep) the lease of a build; None while somebody else holds it or it is not to be folded."""
        taken = await self._run(
            f"""update read_models set holder = %s, epoch = epoch + 1, held_until = clock_timestamp() + interval '{LEASE} seconds'
                where model = %s and build = %s and state = any(%s)
                  and (held_until is null or held_until < clock_timestamp() or holder = %s) returning 1""",
            self._me,
            model,
            build,
            list(FOLDED),
            self._me,
        )
        if not taken:
            return None
        return next((one for one in await self.all() if (one.model, one.build) == (model, build)), None)

    async def take(self, model: str, build: int) -> Build:
        """Take the lease of a build from whoever holds it: his epoch is over, and he reads everything anew when he gets it back."""
        await self._run(
            f"""update read_models set holder = %s, epoch = epoch + 1, held_until = clock_timestamp() + interval '{LEASE} seconds'
                where model = %s and build = %s""",
            self._me,
            model,
            build,
        )
        return next(one for one in await self.all() if (one.model, one.build) == (model, build))

    async def renew(self, *builds: Build) -> set[tuple[str, int]]:
        """Keep leases without moving; whose was kept: the others are lost."""
        return {
            (model, build)
            for model, build in await self._run(
                f"""update read_models m set held_until = clock_timestamp() + interval '{LEASE} seconds'
                    from unnest(%s::text[], %s::integer[], %s::bigint[]) as o (model, build, epoch)
                    where m.model = o.model and m.build = o.build and m.epoch = o.epoch and m.holder = %s and m.state = any(%s)
                    returning m.model, m.build""",
                [one.model for one in builds],
                [one.build for one in builds],
                [one.epoch for one in builds],
                self._me,
                list(FOLDED),
            )
        }

    async def release(self, build: Build) -> None:
        """Give a lease back at once."""
        await self._run(
            "update read_models set held_until = clock_timestamp() where model = %s and build = %s and holder = %s and epoch = %s",
            build.model,
            build.build,
            self._me,
            build.epoch,
        )

    async def release_all(self) -> None:
        """Give back whatever this process still holds."""
        await self._run("update read_models set held_until = clock_timestamp() where holder = %s and held_until > clock_timestamp()", self._me)

    async def move(self, build: Build, new: Checkpoint) -> bool:
        """Move a position by compare-and-set (reactions; read models move theirs together with their rows)."""
        moved = await self._run(
            f"""update read_models set position = %s, stream_id = %s, version = %s, held_until = clock_timestamp() + interval '{LEASE} seconds'
                where model = %s and build = %s and position = %s and epoch = %s returning 1""",
            new.position,
            new.stream_id,
            new.version,
            build.model,
            build.build,
            build.checkpoint.position,
            build.epoch,
        )
        return bool(moved)

    async def move_all(self, builds: Sequence[Build], new: Checkpoint) -> set[tuple[str, int]]:
        """Move those past events that mean nothing to them, each from its own checkpoint under its own epoch; who was moved."""
        return {
            (model, build)
            for model, build in await self._run(
                f"""update read_models m set position = %s, stream_id = %s, version = %s,
                        held_until = clock_timestamp() + interval '{LEASE} seconds'
                    from unnest(%s::text[], %s::integer[], %s::bigint[], %s::bigint[]) as o (model, build, position, epoch)
                    where m.model = o.model and m.build = o.build and m.position = o.position and m.epoch = o.epoch and m.log_id = %s
                    returning m.model, m.build""",
                new.position,
                new.stream_id,
                new.version,
                [one.model for one in builds],
                [one.build for one in builds],
                [one.checkpoint.position for one in builds],
                [one.epoch for one in builds],
                new.log_id,
            )
        }
