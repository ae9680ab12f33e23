"""Many commands as the arguments of one `append` call, and what the call says of each."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from application.shared.ports import Entry
from infra.postgres.arrays import Array, Bools, Bytes, Ints, Smallints, Texts, Times, Uuids
from infra.serialization import mapper

APPEND: Final = "select * from append(" + ", ".join(["%b"] * 21) + ")"


class Encoded(msgspec.Struct):
    """An entry with its events as bytes, `size` of them in all."""

    entry: Entry
    rows: list[tuple[Any, int, str, bytes, bytes]]
    size: int


class Verdict(msgspec.Struct, frozen=True):
    """One line of the answer of `append`. The fingerprint of a taken name is the name's HMAC."""

    outcome: str
    position: int
    fingerprint: bytes
    status: int
    answer: bytes | None


def encode(entry: Entry) -> Encoded:
    """An entry ready to be written; raises `mapper.Unwritable`."""
    rows, size, context = [], len(entry.answer or b"") + 64, entry.context
    for staged in entry.events:
        name, data = mapper.encode(staged.event)
        metadata = mapper.metadata(context, staged.event)
        rows.append((staged.stream_id, staged.version, name, data, metadata))
        size += len(data) + len(metadata) + 64
    return Encoded(entry, rows, size)


def arguments(batch: Sequence[Encoded]) -> list[Array]:
    """The arrays `append` takes, in its order."""
    entries = [encoded.entry for encoded in batch]
    keys = [entry.context.key for entry in entries]
    events = [(number, *row) for number, encoded in enumerate(batch, 1) for row in encoded.rows]
    claims = [(number, claim) for number, entry in enumerate(entries, 1) for claim in entry.claims]
    secrets = [(number, secret) for number, entry in enumerate(entries, 1) for secret in entry.secrets]
    return [
        Bytes(key.id if key else None for key in keys),
        Bools(key is not None and key.lasting for key in keys),
        Bytes(key.fingerprint if key else None for key in keys),
        Uuids(entry.context.caller.id for entry in entries),
        Smallints(entry.status for entry in entries),
        Bytes(entry.answer for entry in entries),
        Times(entry.decided_at for entry in entries),
        Ints(event[0] for event in events),
        Uuids(event[1] for event in events),
        Ints(event[2] for event in events),
        Texts(event[3] for event in events),
        Bytes(event[4] for event in events),
        Bytes(event[5] for event in events),
        Ints(number for number, _ in claims),
        Texts(claim.kind for _, claim in claims),
        Bytes(claim.hmac for _, claim in claims),
        Uuids(claim.owner for _, claim in claims),
        Ints(number for number, _ in secrets),
        Texts(secret.kind for _, secret in secrets),
        Uuids(secret.id for _, secret in secrets),
        Bytes(secret.sealed for _, secret in secrets),
    ]


def verdicts(rows: Sequence[tuple[Any, ...]], size: int) -> list[Verdict]:
    """What became of each entry of the batch, in its order."""
    told: list[Verdict | None] = [None] * size
    for command, outcome, position, print_, status, answer, _ in rows:
        told[command - 1] = Verdict(outcome, position or 0, print_ or b"", status or 0, answer)
    if None in told:
        raise RuntimeError("append said nothing of a command")
    return told  # type: ignore[return-value]  # the line above saw that none is missing
