"""Programs that may ask for tokens, for administrators."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, field

from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query, remove
from application.identity.oauth_client import RegisterOAuthClient, RemoveOAuthClient, RotateOAuthClientSecret, WithSecret
from domain.shared.refused import NotFound
from projections.identity.oauth_clients import ShownClient, oauth_client, oauth_clients
from projections.shared.reading import Freshness

Uri = Annotated[str, Meta(min_length=1, max_length=2000, examples=["https://app.example.org/callback"])]
Scope = Annotated[str, Meta(min_length=1, max_length=60, examples=["tasks:read"])]


class OAuthClientBody(Body, frozen=True):
    """A program and what it may ask for: what people may let it do (`authorization_code`), or what it may do by itself.

    `redirect_uris` are compared character by character; https, or http on this machine only. `scopes` are permissions (see
    `/api/v1/meta/permissions`), and `openid`, `profile`, `email`.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100, examples=["Wall display"])]
    grants: Annotated[
        list[Literal["authorization_code", "refresh_token", "client_credentials"]],
        Meta(min_length=1, max_length=3, examples=[["authorization_code", "refresh_token"]]),
    ]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=60, examples=[["openid", "profile", "tasks:read"]])]
    kind: Literal["confidential", "public"] = "confidential"
    redirect_uris: Annotated[list[Uri], Meta(max_length=20, examples=[["https://app.example.org/callback"]])] = field(default_factory=list)


@command("/api/v1/oauth-clients", needs="oauth-clients:manage", step_up=True, status=201, answers=WithSecret, tags=["oauth"])
async def register_oauth_client(request: Req, data: JSONBody[OAuthClientBody]) -> Response[bytes]:
    """Let a program ask for tokens."""
    words = {"redirect_uris": tuple(data.redirect_uris), "grants": tuple(data.grants), "scopes": tuple(data.scopes)}
    wish = RegisterOAuthClient(name=data.name, kind=data.kind, **words)
    return await carry_out(request, wish, WithSecret, status=201, stored=False, location="/api/v1/oauth-clients/")


@query("/api/v1/oauth-clients", needs="oauth-clients:manage", answers=Page[ShownClient], tags=["oauth"])
async def list_oauth_clients(request: Req, fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None) -> Response[bytes]:
    """All programs in the order they were registered."""
    size = limit or DEFAULT_LIMIT
    (after,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    found, seen = await oauth_clients(parts(request).tables, fresh, limit=size + 1, after=after)
    following = write_cursor(request, found[size - 1].id) if len(found) > size else None
    return page(request, found[:size], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query("/api/v1/oauth-clients/{client_id:uuid}", needs="oauth-clients:manage", answers=ShownClient, tags=["oauth"])
async def show_oauth_client(request: Req, client_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One program."""
    shown, seen = await oauth_client(parts(request).tables, client_id, fresh)
    if shown is None:
        raise NotFound
    return one(request, shown, version=shown.version, position=seen.position, stale=seen.stale)


@command("/api/v1/oauth-clients/{client_id:uuid}/rotate-secret", needs="oauth-clients:manage", step_up=True, answers=WithSecret, tags=["oauth"])
async def rotate_oauth_client_secret(request: Req, client_id: FromPath[UUID]) -> Response[bytes]:
    """Give a program another secret; the old one does not count any more."""
    return await carry_out(request, RotateOAuthClientSecret(client_id=client_id), WithSecret, stored=False)


@remove("/api/v1/oauth-clients/{client_id:uuid}", needs="oauth-clients:manage", tags=["oauth"])
async def remove_oauth_client(request: Req, client_id: FromPath[UUID]) -> Response[None]:
    """Forget a program, and with it every token it was given."""
    return await carry_out_silently(request, RemoveOAuthClient(client_id=client_id))
