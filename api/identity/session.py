"""Signing in, staying signed in, signing out, and who one is."""

from typing import Annotated, Any, ClassVar

from litestar import Response
from litestar.params import JSONBody
from msgspec import Meta

from api.identity.signing_in import SignIn, in_full, session_named_by
from api.shared.access import PUBLIC, caller
from api.shared.bodies import Body
from api.shared.commanding import Req, carry_out
from api.shared.parts import parts
from api.shared.querying import one
from api.shared.routing import command, query
from application.identity.session import LogIn, LogOut, RefreshSession
from application.identity.typed import Typed
from domain.identity.person import LONGEST_EMAIL, LONGEST_PASSWORD
from domain.shared.refused import Unauthenticated
from projections.identity.me import Me, me

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


@command("/api/v1/auth/login", access=PUBLIC, answers=SignIn, tags=["identity"])
async def log_in(request: Req, data: JSONBody[LoginBody]) -> Response[bytes]:
    """Sign in with e-mail and password."""
    return await in_full(request, LogIn(email=data.email or data.username or "", password=Typed(data.password)))


@command("/api/v1/auth/refresh", access=PUBLIC, answers=SignIn, tags=["identity"])
async def refresh_session(request: Req, data: JSONBody[RefreshBody]) -> Response[bytes]:
    """Exchange a refresh token for a new pair; each is used once.

    Using a spent one again ends the session (`refresh_reused`), except in the first seconds, when a lost answer is given again.
    """
    return await in_full(request, RefreshSession(refresh_token=data.refresh_token))


@command("/api/v1/auth/logout", access=PUBLIC, status=204, tags=["identity"])
async def log_out(request: Req, data: JSONBody[LogoutBody | None] = None) -> Response[None]:
    """End a session, by its refresh token or its access token; also when it has ended already."""
    refresh_token = None if data is None else data.refresh_token
    session_id = None if refresh_token else session_named_by(request)
    done = await carry_out(request, LogOut(refresh_token=refresh_token, session_id=session_id), status=204)
    return Response(None, status_code=204, headers=done.headers)


@query("/api/v1/auth/me", answers=Me, tags=["identity"])
async def who_am_i(request: Req) -> Response[bytes]:
    """The account that calls, from its own history: never behind."""
    return await myself(request)


@query("/api/v1/users/me", answers=Me, tags=["identity"])
async def my_account(request: Req) -> Response[bytes]:
    """The account that calls; the same as `/api/v1/auth/me`."""
    return await myself(request)


async def myself(request: Req) -> Response[bytes]:
    """The caller with their session."""
    known, who = parts(request), caller(request)
    if who.id is None:
        raise Unauthenticated
    shown, position = await me(known.log, known.names, who.id, who.session_id)
    return one(request, shown, version=shown.version, position=position)
