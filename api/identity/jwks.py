"""The keys that access tokens can be checked with."""

import hashlib

import msgspec
from litestar import Response

from api.shared.access import PUBLIC
from api.shared.commanding import matches
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import query


class KeySet(msgspec.Struct, frozen=True):
    """Public keys (RFC 7517); `kid` says which one signed a token."""

    keys: list[dict[str, str]]


@query("/.well-known/jwks.json", needs=PUBLIC, answers=KeySet, tagged=True, tags=["identity"])
async def published_keys(request: Req) -> Response[bytes]:
    """Public keys as a JSON Web Key Set (RFC 7517). A new one is here before it signs; meeting an unknown `kid`, ask again."""
    keys = parts(request).tokens.jwks()
    tag = hashlib.sha256(keys).hexdigest()[:32]
    headers = {"Cache-Control": "public, max-age=300", "ETag": f'"{tag}"'}
    if matches(request, tag):
        return Response(b"", status_code=304, headers=headers)
    return Response(keys, media_type="application/json", headers=headers)
