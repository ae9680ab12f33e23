"""The read model `api_keys`: every key that counts, with its name and networks sealed until they are read; never its secret."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.identity.events import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated, ApiKeyUsed
from domain.shared.event import Recorded
from projections.identity.person_keys import PersonKeys
from projections.shared.read_model import ReadModel, Row, read_model
from projections.shared.reading import FIRST_ID, Freshness, Seen, SeenMany, Tables


class Key(Row, frozen=True, gc=False):
    """A key. `scopes` are words with spaces between them."""

    id: UUID
    version: int
    owner_id: UUID
    name: str
    addresses: str
    scopes: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    rotated_at: datetime | None = None
    former_until: datetime | None = None


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The key whose stream it is."""
    return (recorded.stream_id,)


def fold(key: UUID, row: Key | None, recorded: Recorded[Any]) -> Key | None:
    """The key after one more fact; one that was revoked is for the audit trail to show."""
    version = recorded.version
    match recorded.event:
        case ApiKeyIssued() as issued:
            scopes = " ".join(issued.scopes)
            return Key(key, version, issued.owner_id, issued.name, issued.addresses, scopes, issued.issued_at, issued.expires_at)
        case ApiKeyUsed(at=at) if row is not None:
            return msgspec.structs.replace(row, version=version, last_used_at=at)
        case ApiKeyRotated(rotated_at=at, former_until=until) if row is not None:
            return msgspec.structs.replace(row, version=version, rotated_at=at, former_until=until)
    return None


API_KEYS: Final = read_model(
    ReadModel(
        name="api_keys",
        version=1,
        store="postgres",
        row=Key,
        key=("id",),
        listens=(ApiKeyIssued, ApiKeyRotated, ApiKeyUsed, ApiKeyRevoked),
        keys=keys,
        fold=fold,
        indexes=("owner_id, id",),
        key_is_stream=True,
    )
)


class ShownKey(msgspec.Struct, frozen=True):
    """A key as its owner sees it. `prefix` is how it begins; `last_used_at` is at most five minutes (and never a use) late."""

    id: UUID
    name: str
    prefix: str
    owner_id: UUID
    scopes: list[str]
    allowed_addresses: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    rotated_at: datetime | None
    former_valid_until: datetime | None
    version: int


async def api_key(tables: Tables, names: PersonKeys, key_id: UUID, fresh: Freshness) -> tuple[ShownKey | None, Seen[Key]]:
    """One key, as new as its stream, and where it was seen."""
    seen = await tables.one(API_KEYS, key_id, fresh)
    return (None if seen.row is None else await _show(names, seen.row)), seen


async def api_keys(
    tables: Tables, names: PersonKeys, fresh: Freshness, *, limit: int, owner_id: UUID | None = None, after: UUID | None = None
) -> tuple[list[ShownKey], SeenMany[Key]]:
    """Keys in the order they were issued, all or those of one account, after one of them; at most `limit`."""
    start = after or FIRST_ID
    if owner_id is None:
        seen = await tables.many(API_KEYS, "where id > %b order by id limit %b", (start, limit), fresh)
    else:
        seen = await tables.many(API_KEYS, "where owner_id = %b and id > %b order by id limit %b", (owner_id, start, limit), fresh)
    return [await _show(names, row) for row in seen.rows], seen


async def _show(names: PersonKeys, row: Key) -> ShownKey:
    name, *networks = await names.open(row.owner_id, row.name, *([row.addresses] if row.addresses else []))
    allowed = [one for text in networks if text.startswith("[") for one in msgspec.json.decode(text, type=list[str])]
    moments = (row.created_at, row.expires_at, row.last_used_at, row.rotated_at, row.former_until)
    return ShownKey(row.id, name, f"dbk_{row.id.hex}", row.owner_id, row.scopes.split(), allowed, *moments, row.version)
