"""Route decorators: litestar's, with the permission they need, strict bodies and every status an operation can answer with in its document."""

from collections.abc import Callable
from typing import Any, Final

from litestar.enums import HttpMethod
from litestar.openapi import ResponseSpec

from api.shared.bodies import StrictBody
from api.shared.operations import described, has_version
from api.shared.problems import Problem
from api.shared.route import Route

TOLD: Final = {
    400: "What was sent does not fit: `validation_failed`, `malformed_json`, `invalid_cursor`, `idempotency_key_required`.",
    401: "No proof of who calls: `unauthenticated`, `invalid_token`, `token_expired`, `reauthentication_required`.",
    403: "Not allowed for this caller: `insufficient_role`, `insufficient_scope`, `forbidden`, `not_assigned_node`.",
    404: "Nothing that the caller may see: `not_found`.",
    406: "The answer has a form that Accept does not allow: `not_acceptable`.",
    409: "Does not fit the present state; `code` says why.",
    410: "It was here, and is gone: `export_expired`.",
    412: "Changed since the version named in If-Match: `precondition_failed`.",
    413: "The body is too large: `payload_too_large`.",
    415: "Not JSON in UTF-8: `unsupported_media_type`.",
    416: "The file has no bytes in that range: `range_not_satisfiable`.",
    422: "The idempotency key was used with another request: `idempotency_key_reused`.",
    428: "If-Match is required: `precondition_required`.",
    429: "Too many requests, see Retry-After: `too_many_requests`.",
    500: "A fault of the server, noted there under `trace_id`: `internal_error`.",
    503: "Not right now, see Retry-After: `overloaded`, `projection_behind`, `projection_parked`, `projection_not_ready`.",
}
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
Decorator = Callable[[Callable[..., Any]], Any]


def problems_of(*statuses: int) -> dict[int, ResponseSpec]:
    """Answers of these statuses, in the document."""
    return {
        status: ResponseSpec(Problem, description=TOLD[status], media_type="application/problem+json", generate_examples=False) for status in statuses
    }


def _made(method: HttpMethod, path: str, statuses: tuple[int, ...], more: dict[str, Any], *asked: str) -> Decorator:
    needs: str = more.pop("needs")
    answers, status, media = more.pop("answers", None), more.pop("status", 200), more.pop("media", JSON)
    responses = problems_of(*statuses)
    if answers is not None:
        responses[status] = ResponseSpec(answers, description=more.pop("told", "Done."), generate_examples=False, media_type=media)
    takes: dict[str, str] = more.pop("takes", {})
    sends: tuple[str, ...] = more.pop("sends", ())
    if sends:
        responses[status] = ResponseSpec(bytes, description=more.pop("told", "The file."), generate_examples=False, media_type=sends[0])
    responses |= more.pop("responses", {})
    further, speaks_json = more.pop("further", id), more.pop("speaks_json", not sends and media == JSON)
    also: dict[int, type] = more.pop("also", {})
    keyed = more.get("keyed", False)
    for other, shape in also.items():
        responses[other] = ResponseSpec(shape, description=(shape.__doc__ or "").partition("\n")[0], generate_examples=False)

    def decorate(function: Callable[..., Any]) -> Any:
        text = (function.__doc__ or "").strip()
        summary, _, description = text.partition("\n")
        return Route(
            path,
            http_method=method,
            status_code=status,
            needs=needs,
            speaks_json=speaks_json,
            speaks_events=media == EVENTS,
            responses=responses,
            operation_id=function.__name__,
            operation_class=described(
                function, needs=needs, asked=asked, keyed=keyed, answers=answers, also=also, takes=takes, sends=sends, further=further
            ),
            summary=summary.rstrip("."),
            description=description.strip() or summary,
            **more,
        )(function)

    return decorate


def query(path: str, **more: Any) -> Decorator:
    """A GET that answers a question; `tagged` where the answer has an ETag though no version."""
    asked = ["If-None-Match"] if more.pop("tagged", False) or has_version(more.get("answers")) else []
    return _made(HttpMethod.GET, path, (400, 401, 403, 404, 406, 409, 429, 500, 503), more, *asked)


def download(path: str, *, sends: tuple[str, ...], **more: Any) -> Decorator:
    """A GET that answers with a file of one of these media types."""
    return _made(HttpMethod.GET, path, (400, 401, 403, 404, 406, 409, 410, 429, 500, 503), {"sends": sends, **more})


def stream(path: str, **more: Any) -> Decorator:
    """A GET that answers with events (`text/event-stream`) as long as the client listens, and only if it says that it wants these."""
    return _made(HttpMethod.GET, path, (400, 401, 403, 404, 406, 409, 429, 500, 503), {"answers": str, "media": EVENTS, **more})


def query_by_post(path: str, **more: Any) -> Decorator:
    """The same by POST, where a protocol wants both."""
    return _made(HttpMethod.POST, path, (400, 401, 403, 404, 406, 409, 429, 500, 503), more)


_COMMAND: Final = (400, 401, 403, 404, 406, 409, 412, 413, 415, 422, 429, 500, 503)


def command(path: str, **more: Any) -> Decorator:
    """A POST that dispatches a command; `keyed` where it must come with an idempotency key."""
    return _made(HttpMethod.POST, path, _COMMAND, {"dto": StrictBody, "return_dto": None, **more}, "Idempotency-Key")


def change(path: str, **more: Any) -> Decorator:
    """A PATCH (JSON merge patch, RFC 7396) of a resource."""
    return _made(HttpMethod.PATCH, path, (*_COMMAND, 428), {"dto": StrictBody, "return_dto": None, **more}, "Idempotency-Key", "If-Match")


def replace(path: str, **more: Any) -> Decorator:
    """A PUT with the meaning of PATCH (requirement CF-02)."""
    return _made(HttpMethod.PUT, path, (*_COMMAND, 428), {"dto": StrictBody, "return_dto": None, **more}, "Idempotency-Key", "If-Match")


def remove(path: str, **more: Any) -> Decorator:
    """A DELETE."""
    statuses = (400, 401, 403, 404, 406, 409, 412, 422, 428, 429, 500, 503)
    return _made(HttpMethod.DELETE, path, statuses, {"status": 204, **more}, "Idempotency-Key", "If-Match")
