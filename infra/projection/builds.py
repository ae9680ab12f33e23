"""Builds of read models: which there are, what state each is in, and which one queries see."""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from infra.postgres.row_table import RowTable, dropped
from infra.projection.checkpoint import Checkpoint
from infra.projection.leases import Build, Leases
from projections.shared.read_model import ReadModel


class NoSuchBuild(Exception):
    """There is no build to do this with."""


class Builds(Leases):
    """The table `read_models`."""

    async def of(self, model: str, *states: str) -> list[Build]:
        """The builds of one model (by table name) in some states, newest last."""
        return [build for build in await self.all() if build.model == model and build.state in states]

    async def add(self, model: ReadModel[Any], state: str, checkpoint: Checkpoint) -> int:
        """Register and create a new build; its number."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(7709, 3)")
            row = await (await connection.execute("select coalesce(max(build), 0) + 1 from read_models where model = %s", (model.table,))).fetchone()
            number = int(row[0]) if row else 1
            await connection.execute(
                "insert into read_models (model, build, store, state, log_id, position) values (%s, %s, %s, %s, %s, %s)",
                (model.table, number, model.store, state, checkpoint.log_id, checkpoint.position),
            )
            if model.store == "postgres":
                for statement in RowTable(model, number).create():
                    await connection.execute(statement.encode())
        return number

    async def ensure(self, model: ReadModel[Any], log_id: UUID) -> None:
        """See to it that a model has a build that queries see; safe when several processes start at once."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(7709, 3)")
            there = await (await connection.execute("select 1 from read_models where model = %s limit 1", (model.table,))).fetchone()
            if there is not None:
                return
            await connection.execute(
                "insert into read_models (model, build, store, state, log_id) values (%s, 1, %s, 'live', %s)", (model.table, model.store, log_id)
            )
            if model.store == "postgres":
                table = RowTable(model, 1)
                for statement in (*table.create(), *table.index(), *table.show()):
                    await connection.execute(statement.encode())

    async def knows_reaction(self, name: str) -> bool:
        """Whether a reaction was registered."""
        return bool(await self._run("select from read_models where model = %s", f"reaction:{name}"))

    async def ensure_reaction(self, name: str, start: Checkpoint) -> None:
        """Register a reaction that begins behind this event; one that is registered goes on where it is (C1)."""
        await self._run(
            """insert into read_models (model, build, store, state, log_id, position, stream_id, version)
               values (%s, 0, 'reaction', 'live', %s, %s, %s, %s) on conflict do nothing""",
            f"reaction:{name}",
            start.log_id,
            start.position,
            start.stream_id,
            start.version,
        )

    async def mark(self, model: str, build: int, state: str, checkpoint: Checkpoint | None = None) -> None:
        """Set the state of a build, and its checkpoint where one is given."""
        await self._run(
            """update read_models set state = %s, log_id = coalesce(%s, log_id), position = coalesce(%s, position),
                   stream_id = case when %s then %s else stream_id end, version = case when %s then %s else version end
               where model = %s and build = %s""",
            state,
            checkpoint and checkpoint.log_id,
            checkpoint and checkpoint.position,
            checkpoint is not None,
            checkpoint and checkpoint.stream_id,
            checkpoint is not None,
            checkpoint and checkpoint.version,
            model,
            build,
        )

    async def give_up(self, build: Build, state: str) -> None:
        """Note that a build cannot go on as it is (`diverged`, `stopped`); one in PostgreSQL that queries do not see is removed."""
        if build.state in ("live", "diverged"):
            await self.mark(build.model, build.build, state)
        elif build.store == "postgres":
            async with self._pool.connection() as connection, connection.transaction():
                await _forget(connection, build.model, [build.build])
                for statement in dropped(f"{build.model}_b{build.build}"):
                    await connection.execute(statement.encode())

    async def switch(self, model: ReadModel[Any], build: int) -> None:
        """Let queries see a build, in one transaction; the one they saw stays folded as `previous`, an older previous one goes."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(7709, 3)")
            found = await connection.execute(
                "select build from read_models where model = %s and state = 'previous' and build <> %s", (model.table, build)
            )
            older = [row[0] for row in await found.fetchall()]
            await _forget(connection, model.table, older)
            await connection.execute(
                "update read_models set state = 'previous' where model = %s and state in ('live', 'diverged', 'stopped') and build <> %s",
                (model.table, build),
            )
            await connection.execute("update read_models set state = 'live' where model = %s and build = %s", (model.table, build))
            if model.store == "postgres":
                dropped = [statement for number in older for statement in RowTable(model, number).drop()]
                for statement in (*RowTable(model, build).show(), *dropped):
                    await connection.execute(statement.encode())

    async def retire(self, model: ReadModel[Any], build: int) -> None:
        """Remove a build that queries do not see."""
        async with self._pool.connection() as connection, connection.transaction():
            gone = await (
                await connection.execute(
                    "delete from read_models where model = %s and build = %s and state <> 'live' returning 1", (model.table, build)
                )
            ).fetchone()
            if gone is None:
                raise NoSuchBuild(f"{model.name} has no build {build} that could be retired")
            await connection.execute("delete from parked where model = %s and build = %s", (model.table, build))
            if model.store == "postgres":
                for statement in RowTable(model, build).drop():
                    await connection.execute(statement.encode())

    async def parked(self, model: str, build: int) -> set[str]:
        """The parked keys of a build."""
        return {row[0] for row in await self._run("select key from parked where model = %s and build = %s", model, build)}

    async def parked_at(self, model: str, build: int) -> dict[str, int]:
        """The parked keys of a build, and the first position that could not be folded into each."""
        return dict(await self._run("select key, position from parked where model = %s and build = %s", model, build))


async def _forget(connection: AsyncConnection[Any], model: str, builds: list[int]) -> None:
    for table in ("read_models", "parked"):
        await connection.execute(f"delete from {table} where model = %s and build = any(%s)".encode(), (model, builds))
