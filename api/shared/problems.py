"""Every error is a problem document (RFC 9457) with a stable code; their statuses are in `problem_codes.py`."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, cast

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotAuthorizedException, NotFoundException, ValidationException
from litestar.types import Receive, Scope, Send

from api.shared.incidents import note
from api.shared.methods import allowed_at
from api.shared.problem_codes import BY_STATUS, FURTHER, code_for, code_of, status_of
from api.shared.request import Req
from domain.shared.refused import Refused

log = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/problem+json"
DOCUMENTED_AT: Final = "/api/docs/problems#"


class FieldError(msgspec.Struct, frozen=True):
    """One thing that does not fit: where (JSON pointer, RFC 6901, or a parameter's name), a code, a sentence."""

    pointer: str
    code: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, rename={"stands_for": "type"}):
    """An error as clients see it; it may carry further members named by the refusal."""

    stands_for: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    trace_id: str
    errors: list[FieldError] = []


class BodyRefused(Exception):
    """A body or query that does not fit, with what does not."""

    def __init__(self, errors: list[FieldError], status: int = 400, code: str = "validation_failed") -> None:
        super().__init__(code)
        self.errors, self.status, self.code = errors, status, code


class MethodsAsked(Exception):
    """OPTIONS: the framework would name only the methods of one of the routes at an address."""


def refusal_body(refused: Refused, instance: str, trace_id: str) -> bytes:
    """The problem document of a refusal."""
    facts = {name: value for name, value in refused.facts.items() if name != "errors"}
    errors = [msgspec.convert(error, FieldError) for error in refused.facts.get("errors", ())]
    return _body(status_of(refused), code_of(refused), refused.title(), refused.detail, instance, trace_id, errors, facts)


def _body(
    status: int, code: str, title: str, detail: str, instance: str, trace_id: str, errors: Iterable[FieldError] = (), facts: Any = None
) -> bytes:
    problem = Problem(f"{DOCUMENTED_AT}{code}", title.rstrip("."), status, code, detail, instance, trace_id, list(errors))
    shown = msgspec.to_builtins(problem)
    return msgspec.json.encode({**msgspec.to_builtins(facts or {}), **shown})


def problem(request: Req, status: int, code: str = "", detail: str = "", errors: Iterable[FieldError] = ()) -> Response[bytes]:
    """A problem that is no refusal of the domain."""
    usual, title = BY_STATUS.get(status, ("error", "The request was refused"))
    title = FURTHER[code][1] if code in FURTHER else title
    body = _body(status, code or usual, title, detail or f"{title}.", request.url.path, trace_of(request), errors)
    return _response(body, status)


def trace_of(request: Any) -> str:
    """The trace id of a request (W3C, 32 hex digits)."""
    return str(request.scope.get("trace_id", ""))


def _response(body: bytes, status: int, headers: dict[str, str] | None = None) -> Response[bytes]:
    told = dict(headers or {})
    if status in {429, 503}:
        told.setdefault("Retry-After", "1")
    if status == 401:
        told.setdefault("WWW-Authenticate", 'Bearer error="invalid_token"')
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=told)


def on_refused(request: Req, refused: Refused) -> Response[bytes]:
    """A refusal of the domain, answered once the audit knows of it."""
    body = refusal_body(refused, request.url.path, trace_of(request))
    return _After(lambda asked: note(asked, refused), _response(body, status_of(refused), _told_by(refused)))


def _told_by(refused: Refused) -> dict[str, str]:
    """Headers that a refusal brings: when to come again, or what proof it wants (RFC 6750, RFC 9470)."""
    if "retry_after" in refused.facts:
        return {"Retry-After": str(refused.facts["retry_after"])}
    if "max_age" in refused.facts:
        wanted = f'Bearer error="insufficient_user_authentication", error_description="{refused.detail}", max_age={refused.facts["max_age"]}'
        return {"WWW-Authenticate": wanted}
    return {}


class _After(Response[bytes]):
    """An answer that is given after something else was done; what that refuses is answered instead."""

    def __init__(self, first: Callable[[Req], Awaitable[None]], answer: Response[bytes]) -> None:
        super().__init__(answer.content, status_code=answer.status_code, media_type=MEDIA_TYPE, headers=dict(answer.headers))
        self._first = first

    def to_asgi_response(self, app: Any, request: Req, **more: Any) -> Any:
        """Do it, then answer."""
        usual = super().to_asgi_response(app, request, **more)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await self._first(request)
            except Refused as refused:
                await on_refused(request, refused).to_asgi_response(app, request, **more)(scope, receive, send)
            else:
                await usual(scope, receive, send)

        return answer


def on_body_refused(request: Req, refused: BodyRefused) -> Response[bytes]:
    """A body or query that does not fit."""
    detail = "; ".join(f"{error.pointer or 'body'}: {error.message}" for error in refused.errors)
    answer = problem(request, refused.status, refused.code, detail, refused.errors)
    handler: Any = request.scope.get("route_handler")
    look = handler.opt.get("exists") if handler else None
    # Only if what the address names is there for the caller: 404 comes before 400.
    return _After(look, answer) if look is not None and "user" in request.scope else answer


def on_validation(request: Req, error: ValidationException) -> Response[bytes]:
    """A parameter that litestar could not convert."""
    if request.scope.get("route_handler") is not None and "'data'" in str(error.extra):
        return on_body_refused(request, BodyRefused([FieldError("", "required", "this needs a JSON body")]))
    found = [
        FieldError(str(one.get("key", "")), code_for(str(one.get("message", ""))), str(one.get("message", "")))
        for one in cast("list[Any]", error.extra or [])
        if isinstance(one, dict)
    ]
    return on_body_refused(request, BodyRefused(found or [FieldError("", "invalid", "the request does not fit")]))


def on_http(request: Req, error: HTTPException) -> Response[bytes]:
    """The framework's own errors."""
    status = 404 if isinstance(error, NotFoundException) else error.status_code
    if isinstance(error, NotAuthorizedException):
        status = 401
    answer = problem(request, status if status in BY_STATUS else 400)
    if isinstance(error, MethodNotAllowedException):
        answer.headers["Allow"] = allowed_at(request)
    return answer


def on_methods_asked(request: Req, _: MethodsAsked) -> Response[bytes]:
    """Which methods there are; for everybody, as the document says it too."""
    return Response(b"", status_code=204, headers={"Allow": allowed_at(request)})


def on_unavailable(request: Req, error: Exception) -> Response[bytes]:
    """A database or cache that is not there at the moment: try again soon, with the same idempotency key."""
    log.warning("a dependency is away", extra={"error": repr(error), "trace_id": trace_of(request), "path": request.url.path})
    return problem(request, 503)


def on_anything(request: Req, error: Exception) -> Response[bytes]:
    """What nobody expected: logged with its trace, told without it."""
    log.error("unhandled", exc_info=error, extra={"trace_id": trace_of(request), "path": request.url.path})
    return problem(request, 500)


HANDLERS: Final[dict[Any, Any]] = {
    Refused: on_refused,
    BodyRefused: on_body_refused,
    MethodsAsked: on_methods_asked,
    ValidationException: on_validation,
    HTTPException: on_http,
    Exception: on_anything,
}
