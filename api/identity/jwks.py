"""The keys that access tokens can be checked with."""

import msgspec
from litestar import Response

from api.shared.access import PUBLIC
from api.shared.commanding import Req
from api.shared.parts import parts
from api.shared.routing import query


class KeySet(msgspec.Struct, frozen=True):
    """Public keys (RFC 7517); `kid` says which one signed a token."""

    keys: list[dict[str, str]]


@query("/.well-known/jwks.json", access=PUBLIC, answers=KeySet, tags=["identity"])
async def published_keys(request: Req) -> Response[bytes]:
    """Public keys as a JSON Web Key Set (RFC 7517)."""
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(parts(request).tokens.jwks(), media_type="application/json", headers=headers)
