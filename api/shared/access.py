"""Who may use a route: one guard for all of them, deny by default (requirement X-09)."""

import re
from typing import Any, Final, get_args

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError, MethodsAsked
from application.shared.context import ANONYMOUS, Caller
from domain.identity.errors import InsufficientRole, InvalidToken
from domain.shared.refused import Unauthenticated

ANYTHING: Final = "*/*"
JSON: Final = frozenset({ANYTHING, "application/*", "application/json", "application/problem+json"})
UNWANTED: Final = re.compile(r"q\s*=\s*0(?:\.0*)?\s*(?:;|$)")
PUBLIC: Final = "public"
ANYONE: Final = frozenset({"admin", "auditor", "manager", "user", "guest", "node", "service"})
ADMINS: Final = frozenset({"admin"})
ASSIGNERS: Final = frozenset({"admin", "manager"})
NODES: Final = frozenset({"node"})
PEOPLE: Final = frozenset({"admin", "manager", "user", "service"})


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Sets `scope["user"]` to the caller. Raises `Unauthenticated`, `InvalidToken`, `InsufficientRole`, `BodyRefused`."""
    access = handler.opt.get("access", frozenset())
    if connection.scope["method"] == "OPTIONS":  # type: ignore[typeddict-item]  # of a request, which is all that gets here
        raise MethodsAsked
    if access == PUBLIC:
        connection.scope["user"] = await _caller_if_any(connection)
    else:
        caller = await _caller(connection)
        if caller.role not in access:
            raise InsufficientRole
        connection.scope["user"] = caller
    if connection.scope["query_string"]:
        _refuse_unfit_parameters(connection, handler)
    accept = connection.headers.get("accept", ANYTHING)
    if accept != ANYTHING and handler.opt.get("speaks_json") and not _accepts_json(accept):
        raise BodyRefused([FieldError("Accept", "not_acceptable", "answers are application/json")], 406, "not_acceptable")


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


def _refuse_unfit_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    known, errors = _parameters(handler), list[FieldError]()
    seen = set[str]()
    for name, value in connection.query_params.multi_items():
        if name not in known:
            errors.append(FieldError(name, "unknown_parameter", "this parameter is not known here"))
        elif name in seen:
            errors.append(FieldError(name, "duplicate_parameter", "this parameter stands here twice"))
        elif value.lower() == "null" and known[name]:
            # Otherwise a filter by nothing would silently be no filter.
            errors.append(FieldError(name, "wrong_type", "null is no value here; leave the parameter out"))
        elif "\0" in value:
            errors.append(FieldError(name, "unwritable_text", "text with NUL"))
        seen.add(name)
    if errors:
        raise BodyRefused(errors)


def _accepts_json(accept: str) -> bool:
    """Whether one of the media ranges fits (RFC 9110, 12.5.1)."""
    ranges = (one.partition(";") for one in accept.lower().split(","))
    return not accept.strip() or any(kind.strip() in JSON and not UNWANTED.search(more) for kind, _, more in ranges)


def _parameters(handler: BaseRouteHandler) -> dict[str, bool]:
    """The parameters of a route by name, with whether they are anything but text."""
    known: dict[str, bool] | None = handler.opt.get("parameters")
    if known is None:
        signatures = [handler.parsed_fn_signature, *(provided.parsed_fn_signature for provided in handler.resolve_dependencies().values())]
        fields = [field for signature in signatures for field in signature.parameters.values()]
        known = {field.name: str not in (field.annotation, *get_args(field.annotation)) for field in fields}
        handler.opt["parameters"] = known
    return known


def caller(request: Any) -> Caller:
    """Who calls, after the guard."""
    found: Caller = request.scope["user"]
    return found
