"""Reading the log in bulk: binary COPY of position ranges, each a transaction of its own (L1), decoded without psycopg's adapters."""

import select
import struct
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import psycopg
from msgspec import DecodeError
from msgspec.json import Decoder
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from domain.shared.event import BY_CLASS, Recorded
from infra.postgres.connections import SESSION, SOCKET
from infra.projection.checkpoint import Checkpoint
from infra.serialization.mapper import Unreadable, read
from projections.shared.read_model import ReadModel

RANGE: Final = 50_000
"""Positions in one COPY: well below a second."""
HEAD: Final = struct.Struct(">6x q 4x 16s 4x i 4x q 4x 16s 4x h i")
"""Position, stream, version, time (µs since 2000), actor, type (from 1), length of data. Then the data; metadata where asked for."""
STREAM: Final = slice(18, 34)
"""Where the stream's id stands in a raw row."""
SIGNATURE: Final = 19
NOBODY: Final = bytes(16)
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
Raw = bytes | memoryview
Decode = Callable[[Iterable[Raw]], Iterator[Recorded[Any]]]


class Stopped(Exception):
    """Whoever asked for this work does not want it any more; what is finished stays."""


class BulkReader:
    """A connection of its own, used by one thread."""

    def __init__(self, url: str) -> None:
        self.connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True, options=SESSION, application_name="daybook-bulk", **SOCKET)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def head(self) -> Checkpoint:
        """The newest event's checkpoint."""
        row = self.connection.execute(
            """select l.log_id, coalesce(e.position, 0), e.stream_id, e.version from log_identity l
               left join lateral (select * from events order by position desc limit 1) e on true"""
        ).fetchone()
        return Checkpoint(*row) if row else Checkpoint(UUID(int=0))

    def log_bytes(self) -> int:
        """About how many bytes the events take."""
        row = self.connection.execute("select pg_table_size('events')").fetchone()
        return int(row[0]) if row else 0

    def raw(self, model: ReadModel[Any], after: int, last: int) -> Iterator[memoryview]:
        """The raw rows of the events a model listens to, positions `after` + 1 to `last`, in order. A row is valid until the next."""
        names = sql.Literal([BY_CLASS[event].name for event in model.listens])
        extra = sql.SQL(", metadata" if needs_metadata(model) else "")
        for start in range(after, last, RANGE):
            statement = sql.SQL(
                """copy (select position, uuid_send(stream_id), version, recorded_at, uuid_send(coalesce(actor_id, {nobody})),
                   array_position({names}::text[], type)::int2, data{extra} from events
                   where position > {start} and position <= {end} and type = any({names}::text[]) order by position)
                   to stdout (format binary)"""
            ).format(nobody=UUID(int=0), names=names, extra=extra, start=start, end=min(start + RANGE, last))
            yield from self._copy(statement.as_bytes(self.connection))

    def _copy(self, statement: bytes) -> Iterator[memoryview]:
        pgconn = self.connection.pgconn
        result = pgconn.exec_(statement)
        if result.status != ExecStatus.COPY_OUT:
            raise error_from_result(result)
        get, skip = pgconn.get_copy_data, SIGNATURE
        while True:
            size, data = get(1)
            if size > 0:
                if skip:
                    data, skip = data[skip:], 0
                if size > 21 or bytes(data[:2]) != b"\xff\xff":
                    yield data
            elif size == 0:
                select.select([pgconn.socket], [], [], 5.0)
                pgconn.consume_input()
            else:
                break
        while (ended := pgconn.get_result()) is not None:
            if ended.status != ExecStatus.COMMAND_OK:
                raise error_from_result(ended)


def needs_metadata(model: ReadModel[Any]) -> bool:
    """Whether a listened event has older schemas, which only the metadata tells."""
    return any(BY_CLASS[event].schema > 1 for event in model.listens)


def decoder(model: ReadModel[Any]) -> Decode:
    """Turns raw rows of a model's events into recorded events."""
    known = [BY_CLASS[event] for event in model.listens]
    plain = [None, *(Decoder(one.shape).decode if one.schema == 1 else None for one in known)]
    names = ["", *(one.name for one in known)]
    unpack, fixed = HEAD.unpack_from, HEAD.size

    def upcast(name: str, row: Raw, size: int) -> Any:
        end = fixed + size
        return read(name, bytes(row[fixed:end]), bytes(row[end + 4 :]))

    def decoded(rows: Iterable[Raw]) -> Iterator[Recorded[Any]]:
        ids: dict[bytes, UUID] = {}
        actors: dict[bytes, UUID | None] = {NOBODY: None}
        last_time, moment = -1, EPOCH
        for row in rows:
            position, stream, version, time, actor, kind, size = unpack(row)
            stream_id = ids.get(stream)
            if stream_id is None:
                stream_id = ids[stream] = UUID(bytes=stream)
            if time != last_time:
                last_time, moment = time, EPOCH + timedelta(microseconds=time)
            if actor not in actors:
                actors[actor] = UUID(bytes=actor)
            decode_plain = plain[kind]
            try:
                event = upcast(names[kind], row, size) if decode_plain is None else decode_plain(row[fixed : fixed + size])
            except DecodeError as error:  # as in `mapper.read`, which finds the same for an upcast
                event = Unreadable(shape=model.listens[kind - 1], error=repr(error)[:300])
            yield Recorded(position, stream_id, version, event, actors[actor], moment)

    return decoded
