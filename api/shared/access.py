"""Who may use a route: one guard for all of them, deny by default (requirement X-09)."""

import contextlib
import re
from typing import Any, Final, get_args

import msgspec
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler

from api.shared.limits import headers, policy_of
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError, MethodsAsked
from api.shared.proof import Proof, proof_of
from application.shared.context import ANONYMOUS, Caller
from application.shared.permissions import must
from domain.identity.errors import InvalidToken, ReauthenticationRequired
from domain.shared.refused import Forbidden, Refused, TooManyRequests, Unauthenticated

ANYTHING: Final = "*/*"
JSON: Final = frozenset({ANYTHING, "application/*", "application/json", "application/problem+json"})
EVENTS: Final = "text/event-stream"
UNWANTED: Final = re.compile(r"q\s*=\s*0(?:\.0*)?\s*(?:;|$)")
PUBLIC: Final = "public"
PEOPLE: Final = "people"
"""A `step_up` that is asked of people, but not of programs that act with a key and can never give one."""
LONGEST_AGENT: Final = 256
UNKEYED: Final = (400, "idempotency_key_required")


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Sets `scope["user"]` to the caller. Raises `Unauthenticated`, `InvalidToken`, `TooManyRequests`, `InsufficientRole`,
    `InsufficientScope`, `ReauthenticationRequired`, `BodyRefused`. A route that does not say what it needs is open to nobody.
    """
    if connection.scope["type"] == ScopeType.WEBSOCKET:
        # A refusal before the handshake would reach no page of a browser: such a route asks `admit` itself, afterwards.
        if not handler.opt.get("admits"):
            raise Forbidden
        return
    if connection.scope["method"] == "OPTIONS":
        raise MethodsAsked
    await admit(connection, handler)
    if connection.scope["query_string"] and not handler.opt.get("reads_query"):
        _refuse_unfit_parameters(connection, handler)
    if handler.opt.get("keyed") and "idempotency-key" not in connection.headers:
        raise BodyRefused([FieldError("Idempotency-Key", "required", "send a word of your own, and the same one when you try again")], *UNKEYED)
    accept = connection.headers.get("accept", ANYTHING)
    if accept != ANYTHING and handler.opt.get("speaks_json") and not _accepts_json(accept):
        raise BodyRefused([FieldError("Accept", "not_acceptable", "answers are application/json")], 406, "not_acceptable")
    if handler.opt.get("speaks_events") and EVENTS not in accept.lower():
        raise BodyRefused([FieldError("Accept", "not_acceptable", f"answers are {EVENTS}; or speak WebSocket")], 406, "not_acceptable")


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> Caller:
    """Sets `scope["user"]`; raises as `guard` for who may not use the route at all, or not so often."""
    needs = handler.opt.get("needs")
    try:
        caller = connection.scope["user"] = await (_caller_if_any(connection) if needs == PUBLIC else _caller(connection, handler))
    except Refused:
        await _limit(connection, handler, ANONYMOUS)
        raise
    await _limit(connection, handler, caller)
    if needs != PUBLIC:
        if needs is None:
            raise Forbidden
        must(caller, needs)
        step_up = handler.opt.get("step_up")
        if step_up and (step_up != PEOPLE or caller.key_id is None):
            must_be_recent(connection, caller)
    return caller


async def _caller(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler | None = None) -> Caller:
    known = parts(connection)
    shown = await proof_of(known, await _shown(connection, handler), _address(connection), is_key="x-api-key" in connection.headers)
    caller = _from_there(connection, await shown.caller(known))
    if handler is not None and handler.opt.get("keeps_proof"):
        connection.scope["proof"] = shown  # type: ignore[typeddict-unknown-key]  # Asked again as long as the connection lasts.
    return caller


async def _shown(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler | None) -> str:
    """The token or key that came with a request; where the route takes tickets, also what one of these stands for."""
    key = connection.headers.get("x-api-key")
    if key is not None:
        return key
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if token:
        if scheme.lower() != "bearer":
            raise InvalidToken
        return token.strip()
    tickets = parts(connection).tickets
    if tickets is None or handler is None or not handler.opt.get("takes_tickets") or "ticket" not in connection.query_params:
        raise Unauthenticated
    shown = await tickets.redeem(connection.query_params["ticket"])
    if shown is None:
        raise InvalidToken
    return shown


async def _limit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, caller: Caller) -> None:
    """Count this request, of the principal or, where nobody proved to be one, of the address; so is what anybody may try who they like on:
    routes open to all that name a policy. Raises `TooManyRequests`.
    """
    known, scope = parts(connection).limits, connection.scope
    policy = None if known is None else policy_of(known.policies, handler.opt, scope["path_template"])
    if known is None or policy is None:
        return
    by_address = handler.opt.get("needs") == PUBLIC and "limit" in handler.opt
    who = None if by_address else caller.key_id or caller.id
    taken = await known.take(policy, who or _address(connection))
    scope["limits"] = headers(policy, taken)  # type: ignore[typeddict-unknown-key]  # The edge tells them.
    if not taken.allowed:
        raise TooManyRequests(f"Too many requests: {policy.limit} in {policy.seconds} s are allowed here.", retry_after=taken.reset)


async def _caller_if_any(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Public routes look at a token only to say whose idempotency keys and sessions are meant; and where they are asked from."""
    if "authorization" in connection.headers or "x-api-key" in connection.headers:
        with contextlib.suppress(Unauthenticated):
            return await _caller(connection)
    return _from_there(connection, ANONYMOUS)


def _from_there(connection: ASGIConnection[Any, Any, Any, Any], caller: Caller) -> Caller:
    """The caller with where they ask from."""
    agent = connection.headers.get("user-agent", "")[:LONGEST_AGENT]
    return msgspec.structs.replace(caller, address=_address(connection), agent=agent)


def _address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    client = connection.scope.get("client")
    return client[0] if client else ""


def must_be_recent(connection: ASGIConnection[Any, Any, Any, Any], caller: Caller) -> None:
    """Raises `ReauthenticationRequired` unless the person proved who they are a short while ago (RFC 9470)."""
    known, at = parts(connection), caller.authenticated_at
    if at is None or (known.log.now() - at).total_seconds() > known.rules.step_up_seconds:
        raise ReauthenticationRequired(max_age=known.rules.step_up_seconds)


def _refuse_unfit_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    known, errors = _parameters(handler), list[FieldError]()
    seen = set[str]()
    for name, value in connection.query_params.multi_items():
        if name not in known:
            if handler.opt.get("ignores_unknown"):
                continue
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
        named = {field: getattr(field.kwarg_definition, "name", None) or field.name for field in fields}
        known = {named[field]: str not in (field.annotation, *get_args(field.annotation)) for field in fields}
        handler.opt["parameters"] = known
    return known


def proof(connection: Any) -> Proof:
    """What the caller showed, after the guard or `admit`, on a route that keeps it."""
    kept: Proof = connection.scope["proof"]
    return kept


def caller(request: Any) -> Caller:
    """Who calls, after the guard."""
    found: Caller = request.scope["user"]
    return found
