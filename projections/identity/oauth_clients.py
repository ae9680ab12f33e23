"""The read model `oauth_clients`: the programs that may ask for tokens. What they may do is decided on their history, not here."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.identity.events import OAuthClientRegistered, OAuthClientRemoved, OAuthClientSecretRotated
from domain.shared.event import Recorded
from projections.shared.read_model import ReadModel, Row, read_model
from projections.shared.reading import FIRST_ID, Freshness, Seen, SeenMany, Tables


class Program(Row, frozen=True, gc=False):
    """A program. Addresses, grants and scopes are words with spaces between them."""

    id: UUID
    version: int
    name: str
    kind: str
    redirect_uris: str
    grants: str
    scopes: str
    service_account: UUID | None
    created_at: datetime
    secret_since: datetime


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The program whose stream it is."""
    return (recorded.stream_id,)


def fold(key: UUID, row: Program | None, recorded: Recorded[Any]) -> Program | None:
    """The program after one more fact."""
    match recorded.event:
        case OAuthClientRegistered(name=name, kind=kind, redirect_uris=uris, grants=grants, scopes=scopes, service_account=account):
            at = recorded.recorded_at
            return Program(key, recorded.version, name, kind, " ".join(uris), " ".join(grants), " ".join(scopes), account, at, at)
        case OAuthClientSecretRotated() if row is not None:
            return msgspec.structs.replace(row, version=recorded.version, secret_since=recorded.recorded_at)
    return None


OAUTH_CLIENTS = read_model(
    ReadModel(
        name="oauth_clients",
        version=1,
        store="postgres",
        row=Program,
        key=("id",),
        listens=(OAuthClientRegistered, OAuthClientSecretRotated, OAuthClientRemoved),
        keys=keys,
        fold=fold,
        key_is_stream=True,
    )
)


class ShownClient(msgspec.Struct, frozen=True):
    """A program as administrators see it; its secret is never shown again."""

    id: UUID
    name: str
    kind: str
    redirect_uris: tuple[str, ...]
    grants: tuple[str, ...]
    scopes: tuple[str, ...]
    service_account: UUID | None
    created_at: datetime
    secret_since: datetime
    version: int


async def oauth_client(tables: Tables, client_id: UUID, fresh: Freshness) -> tuple[ShownClient | None, Seen[Program]]:
    """One program, as new as its stream, and where it was seen."""
    seen = await tables.one(OAUTH_CLIENTS, client_id, fresh)
    return (None if seen.row is None else _show(seen.row)), seen


async def oauth_clients(tables: Tables, fresh: Freshness, *, limit: int, after: UUID | None = None) -> tuple[list[ShownClient], SeenMany[Program]]:
    """Programs in the order they were registered, after one of them; at most `limit`."""
    seen = await tables.many(OAUTH_CLIENTS, "where id > %b order by id limit %b", (after or FIRST_ID, limit), fresh)
    return [_show(row) for row in seen.rows], seen


def _show(row: Program) -> ShownClient:
    uris, grants, scopes = (tuple(text.split()) for text in (row.redirect_uris, row.grants, row.scopes))
    return ShownClient(row.id, row.name, row.kind, uris, grants, scopes, row.service_account, row.created_at, row.secret_since, row.version)
