"""What these tests do to a log and its read models, in words."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import redis

from application.shared.ports import Staged
from domain.shared.event import Event, Recorded
from infra.cancellation import ended
from infra.postgres.log import PostgresLog
from infra.postgres.row_table import RowTable
from infra.projection.bystanders import Bystanders
from infra.projection.folding import add_contrib
from infra.projection.hub import Hub
from infra.projection.leases import Build
from infra.projection.projector import Projector
from infra.projection.rebuild import mend
from infra.projection.workshop import Workshop, workshop
from infra.settings import Settings
from projections.shared.read_model import Key, ReadModel, key_text
from tests.eventually import eventually
from tests.infra.log.toys import entry
from tests.infra.projection.toys import Put
from tests.servers import Database


class World:
    """One log, one Redis, and who folds."""

    def __init__(self, database: Database, redis_url: str, log: PostgresLog, tools: Workshop) -> None:
        self.database = database
        self.settings = tools.settings
        self.log = log
        self.shop = tools
        self.redis = redis.Redis.from_url(redis_url)
        self.versions: dict[UUID, int] = {}
        self.tasks: list[asyncio.Task[Any]] = []
        self.hub: Hub | None = None

    async def put(self, *events: Event, stream: UUID | None = None) -> int:
        """Append events, to a stream of their own or to a known one; the position of the last."""
        stream = stream or uuid4()
        first = self.versions.get(stream, 0) + 1
        staged = [Staged(stream, first + nth, event) for nth, event in enumerate(events)]
        written = await self.log.append(entry(self.log, *staged, actor=UUID(int=7)))
        self.versions[stream] = first + len(events) - 1
        if self.hub is not None:
            self.hub.told(await self.shop.reader.head())
        return written.position

    async def fill_boxes(self, puts: int, boxes: int = 40, each: int = 50) -> None:
        """Many puts of every kind, `each` in a stream of their own."""
        for start in range(0, puts, each):
            await self.put(*(a_put(nth, boxes) for nth in range(start, min(start + each, puts))))

    @asynccontextmanager
    async def under_load(self) -> AsyncIterator[None]:
        """While somebody keeps putting things."""
        done = asyncio.Event()

        async def keep_putting() -> None:
            nth = 0
            while not done.is_set():
                nth += 1
                await self.put(a_put(nth), a_put(nth + 1))

        writer = asyncio.create_task(keep_putting())
        try:
            yield
        finally:
            done.set()
            await writer

    async def ensure(self, *models: ReadModel[Any]) -> None:
        """Live builds."""
        for model in models:
            await self.shop.builds.ensure(model, (await self.shop.reader.head()).log_id)
            if model.store == "redis":
                await self.shop.cache(model, 1).show()

    @cached_property
    def bystanders(self) -> Bystanders:
        """What moves those whom nothing concerns, for all who fold here."""
        made = Bystanders(self.hub, self.shop.builds, self.shop.redis, nobody_waits)
        self.tasks.append(asyncio.create_task(made.run()))
        return made

    def projector(self, model: ReadModel[Any], build: int = 1) -> Projector:
        """What folds a build, mending included."""

        async def mended(model: ReadModel[Any], held: Build) -> None:
            await mend(self.settings, model, held)

        tools = self.shop
        return Projector(
            model=model,
            build=build,
            store=tools.store(model, build),
            builds=tools.builds,
            hub=self.hub,
            bystanders=self.bystanders,
            reader=tools.reader,
            moved=nobody_waits,
            mend=mended,
        )

    def fold(self, model: ReadModel[Any], build: int | None = None) -> None:
        """Keep a build folded (None: whichever is live), as the consumers do."""
        if self.hub is None:
            self.hub = Hub(UUID(int=0))

        async def run() -> None:
            assert self.hub is not None
            self.hub.told(await self.shop.reader.head())
            while True:
                number = await self.live_or_diverged(model) if build is None else build
                folding = asyncio.create_task(self.projector(model, number).run())
                try:
                    while build is not None or number == await self.live_or_diverged(model):
                        await asyncio.wait([folding], timeout=0.1)
                        if folding.done():
                            break
                finally:
                    await ended(folding)

        self.tasks.append(asyncio.create_task(run()))

    async def again(self, model: ReadModel[Any]) -> None:
        """An empty live build, as if nothing had ever been folded."""
        async with self.shop.pool.connection() as connection:
            await connection.execute("delete from read_models where model = %s", (model.table,))
            for statement in RowTable(model, 1).drop():
                await connection.execute(statement.encode() + b" cascade")
        await self.ensure(model)

    async def live_or_diverged(self, model: ReadModel[Any]) -> int:
        return (await self.shop.builds.of(model.table, "live", "diverged"))[0].build

    async def live(self, model: ReadModel[Any]) -> int:
        return (await self.shop.builds.of(model.table, "live"))[0].build

    async def position(self, model: ReadModel[Any], build: int) -> int:
        one = await self.shop.one(model, build)
        assert one is not None
        if model.store == "postgres":
            return one.checkpoint.position
        return int(self.redis.hget(f"{{{model.table}}}:b{build}:meta", "position") or 0)

    async def caught_up(self, model: ReadModel[Any], build: int | None = None, seconds: float = 15) -> None:
        head = (await self.shop.reader.head()).position
        number = await self.live(model) if build is None else build

        async def is_there() -> bool:
            return await self.position(model, number) >= head

        await eventually(is_there, seconds, f"{model.name} b{number} at {head}")

    def rows(self, model: ReadModel[Any], build: int) -> dict[str, Any]:
        """All rows, read past every runtime."""
        if model.store == "redis":
            found = self.redis.hgetall(f"{{{model.table}}}:b{build}:rows")
            return {key.decode(): msgspec.json.decode(value, type=model.row) for key, value in found.items()}
        with psycopg.connect(self.database.app_url, options="-c timezone=UTC -c role=daybook_app") as connection:
            table = RowTable(model, build)
            rows = connection.execute(f"select {', '.join(table.columns)} from read_models.{table.name}").fetchall()
        made = [model.row(*row) for row in rows]
        return {key_text(model.key_of(row)): row for row in made}

    def sums(self, model: ReadModel[Any], build: int) -> dict[tuple[str, str], int]:
        if model.store == "redis":
            found = self.redis.hgetall(f"{{{model.table}}}:b{build}:groups")
            return {tuple(name.decode().split("\t")): int(number) for name, number in found.items()}
        with psycopg.connect(self.database.app_url, options="-c role=daybook_app") as connection:
            return {
                (group, name): number
                for group, name, number in connection.execute(
                    f'select "group", name, number from read_models.{RowTable(model, build).name}_groups where number <> 0'
                )
            }

    async def events(self) -> Sequence[Recorded[Any]]:
        return await self.shop.reader.after(0, 1_000_000)

    async def truth(self, model: ReadModel[Any], upto: int = 2**62) -> tuple[dict[str, Any], dict[tuple[str, str], int]]:
        """Rows and sums by the most naive fold there is: one event after the other, parking by hand."""
        rows: dict[Key, Any] = {}
        parked: set[Key] = set()
        for recorded in await self.events():
            if type(recorded.event) not in model.listens or recorded.position > upto:
                continue
            keys = model.keys(recorded)
            try:
                if parked & set(keys):
                    raise LookupError
                after = {key: model.fold(key, rows.get(key), recorded) for key in keys}
            except (LookupError, ValueError):
                parked |= set(keys)
                continue
            rows |= after
        kept = {key_text(key): row for key, row in rows.items() if row is not None}
        total: dict[tuple[str, str], int] = {}
        for row in kept.values():
            add_contrib(model, row, 1, total)
        return kept, {name: number for name, number in total.items() if number}

    async def equals_the_log(self, model: ReadModel[Any], build: int | None = None) -> None:
        """Rows and sums are what the log says."""
        number = await self.live(model) if build is None else build
        rows, sums = await self.truth(model)
        assert self.rows(model, number) == rows
        assert self.sums(model, number) == sums

    async def parked(self, model: ReadModel[Any], build: int = 1) -> set[str]:
        return await self.shop.builds.parked(model.table, build)


async def nobody_waits(*_: Any) -> None:
    """Nobody waits here."""


def a_put(nth: int, boxes: int = 40) -> Put:
    """Puts of every kind: from one box to another, empty ones that remove the row, with notes in JSON."""
    return Put(
        box=f"box {nth * 7 % boxes}",
        amount=nth % 5,
        taken_from=f"box {nth * 3 % boxes}" if nth % 3 == 0 else None,
        note={"ä": [nth, None, 0.5]} if nth % 4 == 0 else None,
    )


@asynccontextmanager
async def opened(database: Database, redis_url: str) -> AsyncIterator[World]:
    settings = Settings(database_url=database.app_url, redis_url=redis_url, master_key="", secret_key="", jwt_private_keys="")
    log = PostgresLog(database.app_url, readers=2)
    await log.start()
    async with workshop(settings) as tools:
        world = World(database, redis_url, log, tools)
        try:
            yield world
        finally:
            await ended(*world.tasks)
            world.redis.close()
    await log.stop()
