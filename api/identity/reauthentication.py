"""Proving once more who one is, as it is spoken."""

from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import JSONBody
from msgspec import Meta

from api.identity.second_factor import Code
from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import again_unless_new, respond
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import command
from application.identity.reauthentication import Reauthenticate
from application.identity.typed import Typed
from application.shared.context import Answer
from domain.identity.person import LONGEST_PASSWORD


class ReauthenticateBody(Body, frozen=True):
    """The password again; and a code, where the second factor is on."""

    password: Annotated[str, Meta(max_length=LONGEST_PASSWORD, examples=["a garden of forking paths"])]
    code: Code | None = None


class AccessToken(msgspec.Struct, frozen=True):
    """An access token with a new `auth_time`; `token` is another word for `access_token`; `expires_in` are seconds."""

    access_token: str
    token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 — the name of a scheme.


@command("/api/v1/auth/reauthenticate", limit="login", needs="self:secure", answers=AccessToken, tags=["identity"])
async def reauthenticate(request: Req, data: JSONBody[ReauthenticateBody]) -> Response[bytes]:
    """Prove once more who one is, for what asks for it with `reauthentication_required` (RFC 9470)."""
    known = parts(request)
    outcome = await again_unless_new(request, Reauthenticate(password=Typed(data.password), code=data.code))
    known.standing.forget(caller(request).session_id)
    token = known.tokens.issue(outcome.result, known.log.now())
    return respond(Answer(200, msgspec.json.encode(AccessToken(token, token, known.tokens.lifetime))), outcome)
