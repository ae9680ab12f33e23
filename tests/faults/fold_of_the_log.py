"""The checker: every read model equals a plain fold of the whole log, row by row, sum by sum; every reaction happened once."""

import asyncio
import time
from collections import Counter
from typing import Any

import msgspec
import psycopg
import redis
from redis.exceptions import RedisError

from domain.shared.event import Recorded
from domain.tasks import events as e
from infra.postgres.connections import SESSION
from infra.postgres.log_reader import COLUMNS, recorded
from infra.settings import Settings
from projections.shared.read_model import READ_MODELS, ReadModel, key_text
from tests.eventually import BUSY
from tests.faults import toys

Shown = dict[str, Any]
STEADY = 0.4
"""Seconds after which a difference is looked at again before it counts: a refill may have run between two reads."""


def models() -> list[ReadModel[Any]]:
    return [*(model for model in READ_MODELS.values() if model.name not in {toy.name for toy in toys.MODELS}), *toys.MODELS]


class Differs(AssertionError):
    """A read model is not the fold of the log."""


class NotYet(Exception):
    """The read models have not caught up."""


class Checker:
    """Looks straight at the tables and at Redis, with nothing of the code that wrote them but row types, keys and folds."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url
        self._redis = settings.redis_url

    async def agrees(self, seconds: float = 20) -> list[Recorded[Any]]:
        """Wait until all read models show the newest event, compare them, and give the log. Raises `Differs`."""
        return await asyncio.to_thread(self._agrees, seconds)

    def _agrees(self, seconds: float) -> list[Recorded[Any]]:
        deadline, differed = time.monotonic() + BUSY * seconds, ""
        while True:
            try:
                return self._look()
            except Differs as difference:
                if str(difference) == differed:
                    raise
                differed, why = str(difference), str(difference)
                time.sleep(STEADY)
            except (NotYet, psycopg.OperationalError, psycopg.errors.UndefinedTable, RedisError) as reason:
                why = repr(reason)
                time.sleep(0.05)
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {BUSY * seconds} s: {why}")

    def _look(self) -> list[Recorded[Any]]:
        with psycopg.connect(self._url, autocommit=True, options=SESSION) as connection, redis.Redis.from_url(self._redis) as cache:
            log = read(connection)
            newest = log[-1].position if log else 0
            builds = _builds(connection, cache, newest)
            shown = {build: self._shown(connection, cache, *build) for build in builds}
            if _builds(connection, cache, newest) != builds or head(connection) != newest:
                raise NotYet("something moved meanwhile")
        for (model, build), found in shown.items():
            compare(f"{model.name} (build {build})", folded(model, log), found)
        reacted_once(log)
        return log

    @staticmethod
    def _shown(connection: Any, cache: Any, model: ReadModel[Any], build: int) -> Shown:
        return _in_redis(cache, model, build) if model.store == "redis" else _in_postgres(connection, model, build)


def read(connection: Any) -> list[Recorded[Any]]:
    """The whole log."""
    return [recorded(row) for row in connection.execute(f"select {COLUMNS} from events order by position", binary=True)]


def head(connection: Any) -> int:
    """The newest position."""
    return int(connection.execute("select coalesce(max(position), 0) from events").fetchone()[0])


def _builds(connection: Any, cache: Any, newest: int) -> list[tuple[ReadModel[Any], int]]:
    """Every build that is folded, all of them at the head."""
    rows = connection.execute("select model, build, store, state, position from read_models where state <> 'building'").fetchall()
    found = {(row[0], row[1]): row for row in rows}
    if stopped := [row for row in rows if row[3] not in {"live", "previous", "ready"}]:
        raise NotYet(f"not folded: {stopped}")
    if connection.execute("select count(*) from parked").fetchone()[0]:
        raise Differs("keys are parked")
    known = {model.table: model for model in models()}
    if missing := known.keys() - {name for name, _ in found}:
        raise NotYet(f"not there: {missing}")
    for (name, build), (_, _, store, _, position) in found.items():
        stands = cache.hget(f"{{{name}}}:b{build}:meta", "position") if store == "redis" else position
        if int(stands or -1) != newest:
            raise NotYet(f"{name} build {build} stands at {stands} of {newest}")
    return [(known[name], build) for name, build in sorted(found) if name in known]


def _in_postgres(connection: Any, model: ReadModel[Any], build: int) -> Shown:
    columns, name = ", ".join(model.row.__struct_fields__), f"read_models.{model.table}_b{build}"
    rows = [model.row(*row) for row in connection.execute(f"select {columns} from {name}", binary=True)]
    sums = connection.execute(f'select "group", name, number from {name}_groups where number <> 0').fetchall()
    shown = {key_text(model.key_of(row)): _plain(row) for row in rows}
    return {"rows": shown, "sums": {f"{group}\t{name}": number for group, name, number in sums}, "sets": {}}


def _in_redis(cache: Any, model: ReadModel[Any], build: int) -> Shown:
    prefix = f"{{{model.table}}}:b{build}:"
    rows = {key.decode(): msgspec.json.decode(row) for key, row in cache.hgetall(f"{prefix}rows").items()}
    sums = {name.decode(): int(number) for name, number in cache.hgetall(f"{prefix}groups").items() if int(number)}
    sets = {
        name.decode().removeprefix(f"{prefix}z:"): {member.decode(): score for member, score in cache.zrange(name, 0, -1, withscores=True)}
        for name in cache.scan_iter(match=f"{prefix}z:*")
    }
    return {"rows": rows, "sums": sums, "sets": sets}


def folded(model: ReadModel[Any], log: list[Recorded[Any]]) -> Shown:
    """What a read model comes to, as plainly as it can be said."""
    rows: dict[Any, Any] = {}
    for one in log:
        if isinstance(one.event, model.listens):
            for key in model.keys(one):
                rows[key] = model.fold(key, rows.get(key), one)
    kept = {key_text(key): row for key, row in rows.items() if row is not None}
    sums: Counter[str] = Counter()
    sets: dict[str, dict[str, float]] = {}
    for key, row in kept.items():
        for group, numbers in (model.contrib(row) if model.contrib else {}).items():
            sums.update({f"{group}\t{name}": number for name, number in numbers.items()})
        for name, score in (model.scores(row) if model.scores else {}).items():
            sets.setdefault(name, {})[key] = score
    return {"rows": {key: _plain(row) for key, row in kept.items()}, "sums": {k: n for k, n in sums.items() if n}, "sets": sets}


def _plain(row: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(row))


def compare(name: str, wanted: Shown, found: Shown) -> None:
    """Raises `Differs` naming what is missing, too much or different."""
    for part in ("rows", "sums", "sets"):
        if wanted[part] != found[part]:
            keys = sorted(key for key in wanted[part].keys() | found[part].keys() if wanted[part].get(key) != found[part].get(key))
            first = keys[0]
            raise Differs(f"{name}: {len(keys)} {part} differ, as {first}: {found[part].get(first)} instead of {wanted[part].get(first)}")


def reacted_once(log: list[Recorded[Any]]) -> None:
    """Raises `NotYet` while a reaction is missing, `Differs` when there is one too many."""
    made = Counter(one.event.title for one in log if isinstance(one.event, e.TaskCreated))
    for one in log:
        if isinstance(one.event, e.TaskCompleted):
            times = made[f"{toys.NOTE}{one.position}"]
            if times > 1:
                raise Differs(f"the reaction to {one.position} happened {times} times")
            if times == 0:
                raise NotYet(f"no reaction to {one.position}")
