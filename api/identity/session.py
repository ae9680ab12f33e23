"""Signing in, staying signed in, signing out."""

from typing import Annotated, Any, ClassVar

from litestar import Response
from litestar.params import JSONBody
from msgspec import Meta

from api.identity.signing_in import SecondStep, SignIn, in_full, session_named_by
from api.shared.access import PUBLIC
from api.shared.bodies import Body
from api.shared.commanding import again_unless_new, respond
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import command
from application.identity.session import LogIn, LogOut, RefreshSession
from application.identity.typed import Typed
from application.shared.context import Answer
from domain.identity.person import LONGEST_EMAIL, LONGEST_PASSWORD

Email = Annotated[str, Meta(max_length=LONGEST_EMAIL, description="Compared without regard to case.", examples=["ada@example.org"])]


class LoginBody(Body, frozen=True):
    """`username` is another word for `email`."""

    further_rules: ClassVar[dict[str, Any]] = {
        "anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("email", "username")]
    }
    password: Annotated[str, Meta(max_length=LONGEST_PASSWORD, examples=["a garden of forking paths"])]
    email: Email | None = None
    username: Email | None = None

    def __post_init__(self) -> None:
        """One of both must be there."""
        if self.email is None and self.username is None:
            raise ValueError("Object missing required field `email`")


class RefreshBody(Body, frozen=True):
    """The refresh token of the last answer."""

    refresh_token: Annotated[str, Meta(max_length=256)]


class LogoutBody(Body, frozen=True):
    """The refresh token of the session to end; left out: the session of the bearer token."""

    refresh_token: Annotated[str, Meta(max_length=256)] | None = None


@command("/api/v1/auth/login", limit="login", needs=PUBLIC, answers=SignIn | SecondStep, tags=["identity"])
async def log_in(request: Req, data: JSONBody[LoginBody]) -> Response[bytes]:
    """Sign in with e-mail and password; where the second factor is on, the answer is the way to the second step instead."""
    return await in_full(request, LogIn(email=data.email or data.username or "", password=Typed(data.password)))


@command("/api/v1/auth/refresh", needs=PUBLIC, answers=SignIn, tags=["identity"])
async def refresh_session(request: Req, data: JSONBody[RefreshBody]) -> Response[bytes]:
    """Exchange a refresh token for a new pair; each is used once.

    Using a spent one again ends the session (`refresh_reused`), except in the first seconds, when a lost answer is given again.
    """
    return await in_full(request, RefreshSession(refresh_token=data.refresh_token))


@command("/api/v1/auth/logout", needs=PUBLIC, status=204, tags=["identity"])
async def log_out(request: Req, data: JSONBody[LogoutBody | None] = None) -> Response[None]:
    """End a session, by its refresh token or its access token; also when it has ended already."""
    refresh_token = None if data is None else data.refresh_token
    session_id = None if refresh_token else await session_named_by(request)
    done = await again_unless_new(request, LogOut(refresh_token=refresh_token, session_id=session_id))
    parts(request).standing.forget(done.result)
    return Response(None, status_code=204, headers=respond(Answer(204, b""), done).headers)
