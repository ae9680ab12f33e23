"""How many rows of two builds of the same code differ, while both are being folded."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from infra.postgres.row_table import RowTable
from infra.projection.workshop import Workshop
from projections.shared.read_model import Key, ReadModel, key_text

RANGE: Final = 50_000
"""Rows compared by one statement."""
SECONDS: Final = 2.0
"""How long a difference may be explained by one build being a little ahead of the other."""


async def differing(tools: Workshop, model: ReadModel[Any], old: int, new: int) -> int:
    """The number of keys whose rows differ; rows that are just changing are looked at again."""
    until = time.monotonic() + SECONDS
    if model.store == "redis":
        candidates = await _in_redis(tools, model, old, new)
    else:
        candidates = await _in_postgres(tools, model, old, new)
    while candidates and time.monotonic() < until:
        followed = await tools.one(model, old)
        if followed is None or not followed.is_held:
            break  # Nobody folds it, so nothing can change.
        await asyncio.sleep(0.05)
        first, then = tools.store(model, old), tools.store(model, new)
        again: list[Key] = []
        for start in range(0, len(candidates), 1000):
            part = candidates[start : start + 1000]
            one, other = await first.load(part), await then.load(part)
            again += [key for key in part if one.get(key) != other.get(key)]
        candidates = again
    return len(candidates)


async def _in_postgres(tools: Workshop, model: ReadModel[Any], old: int, new: int) -> list[Key]:
    keys, places = ", ".join(model.key), ", ".join(["%s"] * len(model.key))
    tables = [f"read_models.{RowTable(model, build).name}" for build in (old, new)]
    same = " and ".join(f"o.{name} = n.{name}" for name in model.key)
    either = ", ".join(f"coalesce(o.{name}, n.{name})" for name in model.key)
    found: list[Key] = []
    after: Sequence[Any] = ()
    async with tools.pool.connection() as connection:

        async def ask(query: str, *arguments: Any) -> list[tuple[Any, ...]]:
            return await (await connection.execute(query.encode(), arguments or None)).fetchall()

        while True:
            above = f"({keys}) > ({places})" if after else "true"
            last = await ask(f"select {keys} from {tables[1]} where {above} order by {keys} offset {RANGE - 1} limit 1", *after)
            below = f"({keys}) <= ({places})" if last else "true"
            arguments = (*after, *(last[0] if last else ()))
            rows = await ask(
                f"""select {either} from (select * from {tables[0]} where {above} and {below}) o
                    full join (select * from {tables[1]} where {above} and {below}) n on {same}
                    where (o.* *<> n.*) is not false""",
                *arguments,
                *arguments,
            )
            found += [row[0] if len(row) == 1 else row for row in rows]
            if not last:
                return found
            after = last[0]


async def _in_redis(tools: Workshop, model: ReadModel[Any], old: int, new: int) -> list[Key]:
    found: dict[str, Key] = {}
    for here, there in ((old, new), (new, old)):
        cursor, first, second = 0, tools.cache(model, here), tools.cache(model, there)
        while True:
            cursor, rows = await first.page(cursor, 1000)
            page = {model.key_of(row): row for row in rows}
            other = await second.load(list(page))
            found |= {key_text(key): key for key, row in page.items() if other.get(key) != row}
            if cursor == 0:
                break
    return list(found.values())
