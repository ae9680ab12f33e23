"""The table of permissions, as it is asked with every request."""

from typing import Annotated, Final, Literal

import msgspec
from litestar import Response

from api.shared.access import PUBLIC
from api.shared.request import Req
from api.shared.routing import query
from application.shared.permissions import NEVER_SCOPED, PERMISSIONS, ROLES, Reach

WORDS: Final[dict[Reach, Literal["none", "own", "all"]]] = {Reach.NONE: "none", Reach.OWN: "own", Reach.ALL: "all"}
Scope = Literal["none", "own", "all"]


class Permission(msgspec.Struct, frozen=True):
    """How far each role reaches with it, and whether a key or a program can be given it as a scope."""

    permission: Annotated[str, msgspec.Meta(examples=["tasks:read"])]
    reach: Annotated[dict[str, Scope], msgspec.Meta(examples=[{"admin": "all", "user": "own", "guest": "none"}])]
    scope: bool


class Operation(msgspec.Struct, frozen=True):
    """What an operation needs; `public`: nothing. `step_up`: a sign-in of the last minutes, too."""

    operation_id: Annotated[str, msgspec.Meta(examples=["get_task"])]
    method: Annotated[str, msgspec.Meta(examples=["GET"])]
    path: Annotated[str, msgspec.Meta(examples=["/api/v1/tasks/{task_id}"])]
    permission: Annotated[str, msgspec.Meta(examples=["tasks:read"])]
    step_up: bool


class PermissionTable(msgspec.Struct, frozen=True):
    """Who may do what: roles, permissions, and the operations that need them."""

    roles: Annotated[list[str], msgspec.Meta(examples=[["admin", "user"]])]
    permissions: list[Permission]
    operations: list[Operation]


@query("/api/v1/meta/permissions", needs=PUBLIC, answers=PermissionTable, tags=["identity"])
async def permission_table(request: Req) -> Response[bytes]:
    """Who may do what. `own` are objects the caller owns, works on, or is; others do not exist for them (404)."""
    table = [Permission(name, {role: WORDS[row[role]] for role in ROLES}, name not in NEVER_SCOPED) for name, row in PERMISSIONS.items()]
    shown = PermissionTable(list(ROLES), table, _operations(request))
    return Response(msgspec.json.encode(shown), media_type="application/json", headers={"Cache-Control": "public, max-age=300"})


def _operations(request: Req) -> list[Operation]:
    found = [
        Operation(str(handler.operation_id), method, route.path_format, handler.opt["needs"], bool(handler.opt.get("step_up")))
        for route in request.app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get("needs") and "speaks_json" in handler.opt
        for method in sorted(handler.http_methods)
        if method != "OPTIONS"
    ]
    return sorted(found, key=lambda one: (one.path, one.method))
