"""One's own account."""

from litestar import Response
from litestar.params import JSONBody

from api.identity.fields import AccountView
from api.identity.user import NameBody
from api.shared.access import caller
from api.shared.commanding import carry_out, if_match
from api.shared.parts import parts
from api.shared.querying import one
from api.shared.request import Req
from api.shared.routing import change, query
from application.identity.profile import RenameUser
from application.shared.permissions import permitted
from domain.shared.aggregate import NOBODY
from projections.identity.me import Me, me


@query("/api/v1/auth/me", needs="self:read", answers=Me, tags=["identity"])
async def who_am_i(request: Req) -> Response[bytes]:
    """The account that calls, from its own history: never behind."""
    return await myself(request)


@query("/api/v1/users/me", needs="self:read", answers=Me, tags=["identity"])
async def my_account(request: Req) -> Response[bytes]:
    """The account that calls; the same as `/api/v1/auth/me`."""
    return await myself(request)


async def myself(request: Req) -> Response[bytes]:
    """The caller with their session."""
    known, who = parts(request), caller(request)
    shown, position = await me(known.log, known.names, who.id or NOBODY, who.session_id, permitted(who))
    return one(request, shown, version=shown.version, position=position)


@change("/api/v1/users/me", needs="self:write", answers=AccountView, tags=["identity"])
async def rename_myself(request: Req, data: JSONBody[NameBody]) -> Response[bytes]:
    """Change what one is called."""
    wish = RenameUser(user_id=caller(request).id or NOBODY, name=data.name, if_match=if_match(request))
    return await carry_out(request, wish, AccountView)
