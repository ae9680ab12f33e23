"""API keys as they are spoken. A key is shown once, when it is made; programs send it as `X-API-Key`, or as a bearer token."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.shared.access import PEOPLE, caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query, remove
from application.identity.api_key import MANAGE, IssueApiKey, IssuedKey, RevokeApiKey, RotateApiKey, RotatedKey, must_see
from application.shared.permissions import Reach, must
from domain.identity.api_key import ApiKey
from domain.identity.person import LONGEST_NAME
from domain.shared.refused import NotFound
from projections.identity.api_keys import ShownKey, api_key, api_keys
from projections.shared.reading import Freshness

Scope = Annotated[str, Meta(min_length=1, max_length=60, examples=["tasks:read"])]
Network = Annotated[str, Meta(min_length=2, max_length=60, examples=["192.0.2.0/24"])]


class ApiKeyBody(Body, frozen=True, kw_only=True):
    """The key to make: what it may do, from where, until when, and, for who may manage all keys, for which account."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, examples=["nightly import"])]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=50, description="Permissions, or `resource:*`.", examples=[["tasks:read"]])]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    allowed_addresses: Annotated[tuple[Network, ...], Meta(max_length=50, description="Left out: any.")] = ()
    owner_id: UUID | None = None


class RotateBody(Body, frozen=True):
    """How many seconds the present secret still counts."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=604_800)] = 3600


async def key_is_there(request: Req) -> None:
    """Raises `NotFound` for a key that the caller may not see: said before anything about a body."""
    key, _ = await parts(request).log.load(ApiKey, request.path_params["key_id"])
    must_see(caller(request), key)


@command("/api/v1/api-keys", needs=MANAGE, step_up=True, status=201, answers=IssuedKey, tags=["identity"])
async def issue_api_key(request: Req, data: JSONBody[ApiKeyBody]) -> Response[bytes]:
    """Make a key for oneself or, as an administrator, for any account; `key` is shown this once."""
    wish = IssueApiKey(
        name=data.name,
        scopes=data.scopes,
        expires_at=data.expires_at,
        allowed_addresses=data.allowed_addresses,
        owner_id=data.owner_id,
    )
    return await carry_out(request, wish, IssuedKey, status=201, stored=False, location="/api/v1/api-keys/")


@query("/api/v1/api-keys", needs=MANAGE, answers=Page[ShownKey], tags=["identity"])
async def list_api_keys(
    request: Req,
    fresh: NamedDependency[Freshness],
    limit: Limit = None,
    cursor: Cursor = None,
    owner_id: Annotated[UUID | None, QueryParameter(description="Only keys of this account.")] = None,
) -> Response[bytes]:
    """The keys that count, in the order they were made: one's own or, for administrators, all."""
    known, who, size = parts(request), caller(request), limit or DEFAULT_LIMIT
    owner_id = owner_id if must(who, MANAGE) is Reach.ALL else who.id
    (after,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    found, seen = await api_keys(known.tables, known.names, fresh, limit=size + 1, owner_id=owner_id, after=after)
    following = write_cursor(request, found[size - 1].id) if len(found) > size else None
    return page(request, found[:size], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query("/api/v1/api-keys/{key_id:uuid}", needs=MANAGE, answers=ShownKey, tags=["identity"])
async def show_api_key(request: Req, key_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One key; never its secret."""
    known = parts(request)
    await key_is_there(request)
    shown, seen = await api_key(known.tables, known.names, key_id, fresh)
    if shown is None:
        raise NotFound
    return one(request, shown, version=shown.version, position=seen.position, stale=seen.stale)


@command("/api/v1/api-keys/{key_id:uuid}/rotate", needs=MANAGE, step_up=PEOPLE, answers=RotatedKey, tags=["identity"], exists=key_is_there)
async def rotate_api_key(request: Req, key_id: FromPath[UUID], data: JSONBody[RotateBody | None] = None) -> Response[bytes]:
    """Give a key a new secret, shown this once; the present one counts a while longer. A key may do this to itself."""
    overlap = (data or RotateBody()).overlap_seconds
    return await carry_out(request, RotateApiKey(key_id=key_id, overlap=overlap), RotatedKey, stored=False)


@remove("/api/v1/api-keys/{key_id:uuid}", needs=MANAGE, tags=["identity"])
async def revoke_api_key(request: Req, key_id: FromPath[UUID]) -> Response[None]:
    """Let a key count no more, within a second, on every process."""
    return await carry_out_silently(request, RevokeApiKey(key_id=key_id))
