r"""A build of a read model in Redis: one script writes absolute rows and sums and, last, the position (R9).

Keys (one hash slot each model): `{model}:active` → build; `{model}:b1:meta` (log, position, epoch, rows), `:rows` key → JSON row,
`:groups` "group\tname" → number, `:z:<name>` sorted sets. A missing position means *not ready*, never an empty answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from infra.projection.checkpoint import Checkpoint
from infra.projection.folding import Folded
from infra.redis.row_scripts import APPLY, BEGIN, MOVE_SHA, SNAPSHOT
from projections.shared.read_model import Key, ReadModel, Row, key_text


class Damaged(Exception):
    """Redis lost rows, or everything, of this read model; it is refilled from the log."""


class RowCache:
    """One build in Redis."""

    def __init__(self, redis: Redis, model: ReadModel[Any], build: int) -> None:
        self.redis = redis
        self.model = model
        self.build = build
        tag = f"{{{model.table}}}"
        self.active = f"{tag}:active"
        self.prefix = f"{tag}:b{build}:"
        self.meta, self.rows_key, self.groups_key = (self.prefix + part for part in ("meta", "rows", "groups"))
        self._apply = redis.register_script(APPLY)
        self._snapshot = redis.register_script(SNAPSHOT)
        self._begin = redis.register_script(BEGIN)
        self._decode = msgspec.json.Decoder(model.row).decode
        self._sums: dict[tuple[str, str], int] | None = None

    async def checkpoint(self) -> tuple[Checkpoint, int] | None:
        """Where this build stands and under which epoch; None when Redis holds no position. Raises `Damaged`."""
        async with self.redis.pipeline(transaction=True) as pipe:  # At once: another process may be writing.
            pipe.hmget(self.meta, ["log", "position", "stream", "version", "epoch", "rows"])
            pipe.hlen(self.rows_key)
            (log, position, stream, version, epoch, rows), there = await pipe.execute()
        if position is None or log is None:
            return None
        if int(rows or 0) != there:
            raise Damaged
        stands = Checkpoint(UUID(log.decode()), int(position), UUID(stream.decode()) if stream else None, int(version) if version else None)
        return stands, int(epoch or 0)

    async def _hlen(self) -> int:
        return int(await self.redis.hlen(self.rows_key))

    async def clear(self) -> None:
        """Forget everything of this build, position first."""
        self._sums = None
        await self.redis.unlink(self.meta)
        await self._unlink()

    async def _unlink(self) -> None:
        meta = self.meta.encode()
        names = [name async for name in self.redis.scan_iter(match=_literal(self.prefix) + "*", count=1000) if name != meta]
        for start in range(0, len(names), 500):
            await self.redis.unlink(*names[start : start + 500])

    async def begin(self, epoch: int, fill: str) -> bool:
        """Forget everything and let only this fill write from now on; False when a holder with a later epoch is at work."""
        if not await self._begin(keys=[self.meta], args=[epoch, "clear"]):
            return False
        self._sums = None
        await self._unlink()
        return bool(await self._begin(keys=[self.meta], args=[epoch, fill]))

    async def fence(self, epoch: int) -> None:
        """Holders of earlier epochs write nothing from now on."""
        await self._begin(keys=[self.meta], args=[epoch, ""])

    async def filling(self) -> bytes | None:
        """The fill that was begun and is not finished."""
        found: Any = await self.redis.hget(self.meta, "fill")
        return None if found is None else bytes(found)

    async def filled(self) -> dict[int, bytes]:
        """What the finished parts of a fill have to say."""
        found: Any = await self.redis.hgetall(self.prefix + "fill")
        return {int(part): told for part, told in found.items()}

    async def mark(self, part: int, told: str) -> None:
        """Note that a part is filled."""
        await self.redis.hset(self.prefix + "fill", str(part), told)

    async def forget_fill(self) -> None:
        """Drop the notes of a fill that is finished."""
        await self.redis.unlink(self.prefix + "fill")

    async def rows(self) -> int:
        """How many rows there are."""
        return await self._hlen()

    async def show(self) -> None:
        """Let queries see this build."""
        await self.redis.set(self.active, self.build)

    async def load(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows of keys, where there are any."""
        return (await self.snapshot(keys))[1]

    async def snapshot(self, keys: Sequence[Key]) -> tuple[int, dict[Key, Row]]:
        """Position and rows of keys (≤ 1,000) from one script; raises `Damaged`."""
        told: Any = await self._snapshot(keys=[self.meta, self.rows_key], args=[key_text(key) for key in keys])
        position, found = told
        if position is None:
            raise Damaged
        return int(position), {key: self._decode(value) for key, value in zip(keys, found, strict=True) if value is not None}

    def ask_rows(self, pipe: Any, keys: Sequence[str]) -> None:
        """Add to a pipeline the question for the rows of keys."""
        pipe.hmget(self.rows_key, keys)

    def row(self, value: bytes) -> Row:
        """A row as it is kept here."""
        row: Row = self._decode(value)
        return row

    async def page(self, cursor: int, limit: int) -> tuple[int, list[Row]]:
        """The next rows in no order (each at least once while it exists) and the next cursor, 0 at the end."""
        following, found = await cast("Any", self.redis).hscan(self.rows_key, cursor, count=limit)
        return int(following), [self._decode(value) for value in found.values()]

    async def sums(self) -> tuple[int, dict[tuple[str, str], int]]:
        """Position and all sums, from one transaction; raises `Damaged`."""
        async with self.redis.pipeline(transaction=True) as pipe:
            position, found = await cast("Any", pipe).hget(self.meta, "position").hgetall(self.groups_key).execute()
        if position is None:
            raise Damaged
        return int(position), {_pair(name): int(number) for name, number in found.items()}

    async def apply(self, folded: Folded, old: Checkpoint | None, new: Checkpoint, epoch: int, *, final: bool = True, fill: str = "") -> str:
        """Write what a batch changed: `ok`, `moved`, `fenced` or `damaged` (nothing is written then). `old` None: filling."""
        if self._sums is None:
            self._sums = (await self.sums())[1] if old is not None else {}
        sums = {name: self._sums.get(name, 0) + number for name, number in folded.sums.items()}
        kept = [(key_text(key), msgspec.json.encode(row)) for key, row in folded.after.items() if row is not None]
        gone = [key_text(key) for key, row in folded.after.items() if row is None]
        unscored, scored = self._scores(folded)
        told = {
            **_told(old, new, epoch, final=final, fill=fill),
            "kept": len(kept),
            "gone": len(gone),
            "sums": len(sums),
            "unscored": len(unscored),
            "scored": len(scored),
        }
        flat: list[Any] = [msgspec.json.encode(told)]
        for group in (kept, [(key,) for key in gone], [("\t".join(name), number) for name, number in sums.items()], unscored, scored):
            flat.extend(part for row in group for part in row)
        outcome = (await self._apply(keys=[self.meta, self.rows_key, self.groups_key, self.prefix + "z:"], args=flat)).decode()
        if outcome == "ok":
            self._sums |= sums
        else:
            self._sums = None
        return str(outcome)

    def ask_to_move(self, pipe: Any, old: Checkpoint, new: Checkpoint, epoch: int) -> None:
        """Add to a pipeline a move past events that change no row; it answers as `apply` does. The script is `MOVE`, which must be loaded."""
        pipe.evalsha(MOVE_SHA, 2, self.meta, self.rows_key, msgspec.json.encode(_told(old, new, epoch)))

    def _scores(self, folded: Folded) -> tuple[list[tuple[str, str]], list[tuple[str, float, str]]]:
        if self.model.scores is None:
            return [], []
        unscored, scored = [], []
        for key, row in folded.after.items():
            old = folded.before.get(key)
            stood: Mapping[str, float] = self.model.scores(old) if old is not None else {}
            stands: Mapping[str, float] = self.model.scores(row) if row is not None else {}
            member = key_text(key)
            unscored += [(name, member) for name in stood if name not in stands]
            scored += [(name, score, member) for name, score in stands.items() if stood.get(name) != score]
        return unscored, scored


def _told(old: Checkpoint | None, new: Checkpoint, epoch: int, *, final: bool = True, fill: str = "") -> dict[str, Any]:
    return {
        "log": str(new.log_id),
        "from": "" if old is None else str(old.position),
        "to": str(new.position) if final else "",
        "stream": str(new.stream_id or ""),
        "version": str(new.version or ""),
        "epoch": str(epoch),
        "fill": fill,
    }


def _pair(name: bytes) -> tuple[str, str]:
    group, _, rest = name.decode().partition("\t")
    return group, rest


def _literal(prefix: str) -> str:
    return "".join(f"\\{letter}" if letter in "[]?*\\" else letter for letter in prefix)


def in_slices(rows: Iterable[tuple[Key, Row]], size: int) -> Iterable[dict[Key, Row]]:
    """Rows in dictionaries of at most `size`: what one script may write."""
    part: dict[Key, Row] = {}
    for key, row in rows:
        part[key] = row
        if len(part) == size:
            yield part
            part = {}
    if part:
        yield part
