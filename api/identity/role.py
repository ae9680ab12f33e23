"""Roles of accounts."""

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, JSONBody, PathParameter

from api.identity.fields import MEANT, ROLES, AccountView, RoleWord, user_is_there
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently
from api.shared.request import Req
from api.shared.routing import command, remove
from application.identity.role import GrantRole, RevokeRole
from domain.identity.role import role_named


class RoleBody(Body, frozen=True):
    """The role to give."""

    role: RoleWord


@command("/api/v1/users/{user_id:uuid}/roles", needs="users:manage", step_up=True, answers=AccountView, tags=["identity"], exists=user_is_there)
async def grant_role(request: Req, user_id: FromPath[UUID], data: JSONBody[RoleBody]) -> Response[bytes]:
    """Give an account a role beside those it has. It acts within a second, also for who is signed in."""
    return await carry_out(request, GrantRole(user_id=user_id, role=role_named(data.role)), AccountView)


@remove("/api/v1/users/{user_id:uuid}/roles/{role:str}", needs="users:manage", step_up=True, tags=["identity"], exists=user_is_there)
async def revoke_role(
    request: Req, user_id: FromPath[UUID], role: Annotated[str, PathParameter(max_length=20, description=MEANT, schema_extra=ROLES)]
) -> Response[None]:
    """Take a role from an account; also when it does not have it. The last administrator stays (409 `last_admin`)."""
    return await carry_out_silently(request, RevokeRole(user_id=user_id, role=role_named(role, "role")))
