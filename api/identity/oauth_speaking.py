"""How OAuth endpoints speak: forms in; JSON, a page or a redirect out; errors as RFC 6749 wants them (5.2), not as problem documents."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.enums import HttpMethod
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIHeader, OpenAPIResponse, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType

from api.shared.access import PUBLIC
from api.shared.examples import example_of
from api.shared.forms import Form, form_body, query_parameters
from api.shared.incidents import note
from api.shared.operations import described
from api.shared.problems import BodyRefused
from api.shared.request import Req
from api.shared.route import Route
from api.shared.routing import problems_of
from domain.identity.errors import AccountDisabled, InvalidToken, RefreshReused
from domain.identity.oauth_errors import InvalidClient
from domain.shared.refused import Conflict, Forbidden, NotFound, Refused, TooMany, Unavailable

HTML: Final = "text/html"
OF_OTHERS: Final = (InvalidToken, RefreshReused, AccountDisabled)
"""What is wrong with a grant, in the words of the rest of identity."""
ELSEWHERE: Final = (TooMany, Unavailable, Conflict, NotFound, Forbidden)
"""What RFC 6749 has no word for, and is told as everywhere."""
BAD: Final = "What was sent does not fit; `error` says why (RFC 6749, 5.2)."
NOT_KNOWN: Final = "The program did not prove which one it is: `invalid_client`."
PAGES: Final = {
    200: "The page.",
    303: "Back to the program.",
    400: "Nothing that a program known here asked for.",
    401: "The sign-in failed, and may be tried again.",
    403: "This account may not be used.",
    415: "No form.",
    429: "Too many sign-ins failed; see Retry-After.",
}
Function = Callable[[Req], Awaitable[Response[bytes]]]


class OAuthError(msgspec.Struct, frozen=True):
    """An error (RFC 6749, 5.2): a word of the RFC, and a sentence for people."""

    error: str
    error_description: str


def oauth(
    method: HttpMethod,
    path: str,
    *,
    form: type[Form] | None = None,
    asked: type[Form] | None = None,
    answers: Any = None,
    needed: tuple[str, ...] = (),
    pages: bool = False,
    limit: str | None = None,
) -> Callable[[Function], Any]:
    """A route of OAuth: `form` is its body, `asked` its query; it gives `pages` to people, or `answers` to programs. `limit` names its policy."""

    def decorate(function: Function) -> Any:
        summary, _, more = (function.__doc__ or "").strip().partition("\n")
        named: dict[str, Any] = {} if limit is None else {"limit": limit}
        shown = described(None, needs=PUBLIC, asked=(), answers=answers)
        return Route(
            path,
            http_method=method,
            status_code=200,
            needs=PUBLIC,
            reads_query=asked is not None,
            **named,
            responses=_told_as_page() if pages else _told_as_json(answers),
            operation_id=function.__name__,
            operation_class=_with_form(shown, form, asked, needed, silent=answers is None and not pages),
            summary=summary.rstrip("."),
            description=more.strip() or summary,
            tags=["oauth"],
        )(function if pages else _speaking(function))

    return decorate


def _told_as_page() -> dict[int, ResponseSpec]:
    pages = {status: ResponseSpec(str, description=text, media_type=HTML, generate_examples=False) for status, text in PAGES.items()}
    return pages | problems_of(413, 500, 503)


def _told_as_json(answers: Any) -> dict[int, ResponseSpec]:
    errors = {status: ResponseSpec(OAuthError, description=text, generate_examples=False) for status, text in ((400, BAD), (401, NOT_KNOWN))}
    done = {} if answers is None else {200: ResponseSpec(answers, description="Done.", generate_examples=False)}
    return done | errors | problems_of(413, 429, 500, 503)


def _with_form(
    shown: type[Operation], form: type[Form] | None, asked: type[Form] | None, needed: tuple[str, ...], *, silent: bool
) -> type[Operation]:
    class WithForm(shown):  # type: ignore[misc, valid-type]  # a class made by a function
        def __init__(self, **told: Any) -> None:
            super().__init__(**told)
            if form is not None:
                self.request_body = form_body(form, needed)
            if asked is not None:
                self.parameters = query_parameters(asked)
            told_of: dict[str, Any] = self.responses or {}
            for code, response in told_of.items():
                _complete(response, int(code), silent=silent)
            if HTML in (told_of["429"].content or {}):  # too many requests of any kind are a problem, too many sign-ins a page
                told_of["429"].content |= told_of["500"].content

    return WithForm


def _complete(response: OpenAPIResponse, status: int, *, silent: bool) -> None:
    content: Any = response.content or {}
    if HTML in content:
        content[HTML].examples = {"usual": Example(value="<!doctype html>…")}
    if status == 200 and silent:
        response.content = None
    elif status == 303:
        response.content = None
        text = Schema(type=OpenAPIType.STRING)
        response.headers = {"Location": OpenAPIHeader(schema=text, description="The program's address.", name="", param_in="header")}
    elif status >= 400 and "application/json" in content:
        content["application/json"].examples = {"usual": Example(value={**example_of(OAuthError), "error": "invalid_client"})}


def _speaking(function: Function) -> Function:
    @wraps(function)
    async def speaking(request: Req) -> Response[bytes]:
        try:
            return await function(request)
        except BodyRefused as refused:
            return told(400, "invalid_request", "; ".join(f"{error.pointer}: {error.message}" for error in refused.errors))
        except OF_OTHERS as refused:
            return await _refused(request, refused)
        except ELSEWHERE:
            raise
        except Refused as refused:
            return await _refused(request, refused)

    return speaking


async def _refused(request: Req, refused: Refused) -> Response[bytes]:
    await note(request, refused)
    if isinstance(refused, InvalidClient):
        return told(401, refused.code(), refused.detail)
    return told(400, "invalid_grant" if isinstance(refused, OF_OTHERS) else refused.code(), refused.detail)


def told(status: int, error: str, description: str) -> Response[bytes]:
    """An error of RFC 6749."""
    # RFC 6749 allows neither quotes nor anything beyond ASCII there.
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "?" for letter in description)
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": 'Basic realm="daybook"'} if status == 401 else {})
    return Response(msgspec.json.encode(OAuthError(error, plain)), status_code=status, media_type="application/json", headers=headers)


def as_json(shown: msgspec.Struct) -> Response[bytes]:
    """An answer that no cache may keep."""
    return Response(msgspec.json.encode(shown), media_type="application/json", headers={"Cache-Control": "no-store"})
