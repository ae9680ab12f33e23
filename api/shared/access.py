"""Who may use a route: one guard for all of them, deny by default (requirement X-09)."""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from application.shared.context import ANONYMOUS, Caller
from domain.identity.errors import InsufficientRole, InvalidToken
from domain.shared.refused import Unauthenticated

PUBLIC: Final = "public"
ANYONE: Final = frozenset({"admin", "auditor", "manager", "user", "guest", "node", "service"})
ADMINS: Final = frozenset({"admin"})
ASSIGNERS: Final = frozenset({"admin", "manager"})
NODES: Final = frozenset({"node"})
PEOPLE: Final = frozenset({"admin", "manager", "user", "service"})


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Sets `scope["user"]` to the caller. Raises `Unauthenticated`, `InvalidToken`, `InsufficientRole`, `BodyRefused`."""
    access = handler.opt.get("access", frozenset())
    if access == PUBLIC:
        connection.scope["user"] = await _caller_if_any(connection)
    else:
        caller = await _caller(connection)
        if caller.role not in access:
            raise InsufficientRole
        connection.scope["user"] = caller
    if connection.scope["query_string"]:
        _refuse_unknown_parameters(connection, handler)


async def _caller(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if not token:
        raise Unauthenticated
    if scheme.lower() != "bearer":
        raise InvalidToken
    known = parts(connection)
    return await known.standing.caller(known.tokens.verify(token.strip(), known.log.now()))


async def _caller_if_any(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Public routes look at a token only to say whose idempotency keys and sessions are meant."""
    if "authorization" not in connection.headers:
        return ANONYMOUS
    try:
        return await _caller(connection)
    except Unauthenticated:
        return ANONYMOUS


def _refuse_unknown_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    known = _parameters(handler)
    unknown = [name for name in connection.query_params if name not in known]
    if unknown:
        raise BodyRefused([FieldError(name, "unknown_parameter", "this parameter is not known here") for name in unknown])


def _parameters(handler: BaseRouteHandler) -> frozenset[str]:
    known: frozenset[str] | None = handler.opt.get("parameters")
    if known is None:
        known = frozenset(handler.parsed_fn_signature.parameters)
        for provided in handler.resolve_dependencies().values():
            known |= frozenset(provided.parsed_fn_signature.parameters)
        handler.opt["parameters"] = known
    return known


def caller(request: Any) -> Caller:
    """Who calls, after the guard."""
    found: Caller = request.scope["user"]
    return found
