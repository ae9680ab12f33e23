"""The end of an account, by its owner or by an administrator."""

from uuid import UUID

from litestar import Response
from litestar.params import FromPath

from api.identity.fields import user_is_there
from api.shared.access import caller
from api.shared.commanding import carry_out_silently, if_match
from api.shared.request import Req
from api.shared.routing import remove
from application.identity.erasure import EraseUser
from domain.shared.aggregate import NOBODY


@remove("/api/v1/users/me", needs="self:secure", step_up=True, tags=["identity"])
async def erase_myself(request: Req) -> Response[None]:
    """Erase one's own account: it ends at once and for ever, and name, e-mail and addresses become unreadable everywhere, history included.

    The e-mail is free again; who registers with it gets another account. The last administrator stays (409 `last_admin`).
    """
    return await carry_out_silently(request, EraseUser(user_id=caller(request).id or NOBODY, if_match=if_match(request)))


@remove("/api/v1/users/{user_id:uuid}", needs="users:manage", step_up=True, tags=["identity"], exists=user_is_there)
async def erase_user(request: Req, user_id: FromPath[UUID]) -> Response[None]:
    """Erase somebody's account, as they can themselves."""
    return await carry_out_silently(request, EraseUser(user_id=user_id, if_match=if_match(request)))
