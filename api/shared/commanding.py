"""From a request to a command and back: idempotency key, preconditions, and the answer that is stored with the events."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from litestar import Response

from api.shared.access import caller
from api.shared.parts import Parts, parts
from api.shared.problem_codes import STORED, status_of
from api.shared.problems import MEDIA_TYPE, BodyRefused, FieldError, refusal_body, trace_of
from api.shared.request import Req
from application.identity.personal import Person
from application.shared.command import Command
from application.shared.context import Answer, Context, Key
from application.shared.dispatch import Outcome
from domain.identity.user import User
from domain.shared.aggregate import Aggregate
from domain.shared.refused import Refused

LONGEST_KEY: Final = 255
_encode = msgspec.json.Encoder().encode


class _Told(msgspec.Struct):
    id: UUID | None = None
    version: int | None = None
    stock_version: int | None = None


_told = msgspec.json.Decoder(_Told).decode


class Viewed:
    """Answers a command with the resource it leaves behind, as `view` shows it."""

    def __init__(self, request: Req, view: type[msgspec.Struct] | None, status: int = 200) -> None:
        self._request = request
        self._view = view
        self._status = status

    def result(self, result: object) -> Answer:
        """The resource; a large one, and a person, is stored only as its id."""
        if self._view is None:
            return Answer(self._status, b"")
        shown = result if isinstance(result, self._view) else self._shown(result)
        again = result.id if isinstance(result, Aggregate | Person) else None
        return Answer(self._status, _encode(shown), again, isinstance(result, Person))

    def _shown(self, result: object) -> Any:
        make = getattr(self._view, "of", None)  # What shows more than fields of the same names says how.
        return msgspec.convert(result, self._view, from_attributes=True) if make is None else make(result)

    def refusal(self, refused: Refused) -> Answer | None:
        """The problem document, where refusals of its status are stored."""
        status = status_of(refused)
        if status not in STORED:
            return None
        return Answer(status, refusal_body(refused, self._request.url.path, trace_of(self._request)))


async def carry_out(
    request: Req,
    command: Command,
    view: type[msgspec.Struct] | None = None,
    *,
    of: type[Aggregate] | None = None,
    status: int = 200,
    stored: bool = True,
    location: str = "",
    body: bytes | None = None,
) -> Response[bytes]:
    """Dispatch a command and answer with what it left behind: `version`, `position`, ETag, and where it is.

    `of` is the aggregate a large stored answer is rendered from again; `location` a path, to which the new id
    is added where it ends with a slash.
    `stored=False` for answers that carry a secret; `body` stands for one that was not kept in memory (its digest).
    """
    known = parts(request)
    answering = Viewed(request, view, status)
    if not stored:
        outcome = await again_unless_new(request, command)
        return respond(answering.result(outcome.result), outcome, location)
    outcome = await known.dispatch(command, await context(request, body=body), answering)
    answer = outcome.answer or Answer(status, b"")
    if answer.again is not None and not answer.body:
        answer = answering.result(await _once_more(known, answer.again, of))
    return respond(answer, outcome, location)


async def _once_more(known: Parts, stream_id: UUID, of: type[Aggregate] | None) -> Aggregate | Person:
    """What a stored answer was rendered from, as it is today; without `of` it named a person, who may be erased by now."""
    if of is not None:
        return (await known.log.load(of, stream_id))[0]
    user, _ = await known.log.load(User, stream_id)
    return Person.of(user, *await known.names.open(user.id, user.email, user.name))


async def carry_out_silently(request: Req, command: Command) -> Response[None]:
    """Dispatch a command whose success needs no words: 204."""
    answered = await carry_out(request, command, status=204)
    if answered.status_code != 204:
        return cast("Response[None]", answered)  # a stored refusal, told again
    return Response(None, status_code=204, headers=dict(answered.headers))


async def again_unless_new(request: Req, command: Command) -> Outcome:
    """The outcome of a command whose answer carries a secret and is never stored: an idempotency key only guards against another body.

    The same request again is carried out again, and says itself what that means (signed in once more, the same successor,
    `email_taken`).
    """
    known, about = parts(request), await context(request)
    outcome = await known.dispatch(command, about)
    return await known.dispatch(command, msgspec.structs.replace(about, key=None)) if outcome.replayed else outcome


def respond(answer: Answer, outcome: Outcome, location: str = "") -> Response[bytes]:
    """A stored or fresh answer as a response; its position is put in here, since it is known only after the append."""
    headers = {"Daybook-Position": str(outcome.position), "Cache-Control": "no-store"}
    if outcome.replayed:
        headers["Idempotent-Replayed"] = "true"
    if answer.status >= 400:
        return Response(answer.body, status_code=answer.status, media_type=MEDIA_TYPE, headers=headers)
    if answer.status == 204 or not answer.body:
        return Response(b"", status_code=answer.status, headers=headers)
    told = _told(answer.body) if outcome.replayed or not isinstance(outcome.result, Aggregate) else outcome.result
    if told.version is not None:
        beside = getattr(told, "stock_version", None)
        headers["ETag"] = f'"{told.version}"' if beside is None else f'"{told.version}.{beside}"'
    if location and told.id is not None:
        headers["Location"] = f"{location}{told.id}" if location.endswith("/") else location
    return Response(with_position(answer.body, outcome.position), status_code=answer.status, media_type="application/json", headers=headers)


def with_position(body: bytes, position: int) -> bytes:
    """A JSON object with one more member."""
    return body[:-1] + b',"position":%d}' % position if len(body) > 2 else b'{"position":%d}' % position


async def context(request: Req, part: str = "", body: bytes | None = None) -> Context:
    """Who asks, under which key; `part` tells the commands of one batch apart, `body` stands for one that was read already."""
    known = parts(request)
    return Context(
        caller=caller(request),
        command_id=known.new_id(),
        trace_id=trace_of(request) or None,
        key=await _key(request, known, part, body),
    )


async def _key(request: Req, known: Parts, part: str, body: bytes | None) -> Key | None:
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    text = given.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not text.strip('" \t') or len(text) > LONGEST_KEY:
        raise BodyRefused([FieldError("Idempotency-Key", "invalid_key", f"1 to {LONGEST_KEY} characters")])
    path = request.scope["path"]
    route = str(request.scope.get("path_template") or path)
    scope = f"{caller(request).id}\n{request.method}\n{route}"
    query = request.scope["query_string"].decode("latin-1")
    return known.key(scope, text + part, request.method, f"{path}?{query}{part}", await request.body() if body is None else body)


def if_match(request: Req) -> int | None:
    """The version a client says it changed; None where it says nothing or `*`. Raises 400, or 428 where it must say one.

    Of a tag like `"3.17"` the first number: the second belongs to what is shown beside, which others may change meanwhile.
    """
    given = request.headers.get("if-match", "").strip()
    if not given:
        if parts(request).rules.require_if_match:
            raise BodyRefused([FieldError("If-Match", "required", "name the version that was changed")], 428, "precondition_required")
        return None
    if given == "*":
        return None
    tag, _, beside = given.removeprefix('"').removesuffix('"').partition(".")
    return -1 if beside and _number(beside) < 0 else _number(tag)


def if_match_beside(request: Req) -> int | None:
    """The second number of a tag like `"3.17"`, for what changes both; None where a client says only one, nothing or `*`."""
    beside = request.headers.get("if-match", "").strip().removesuffix('"').partition(".")[2]
    return _number(beside) if beside else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def matches(request: Req, tag: int | str) -> bool:
    """Whether the client already has what this tag names, a version or a digest (If-None-Match)."""
    given: Sequence[str] = request.headers.get("if-none-match", "").split(",")
    return any(one.strip().removeprefix("W/") in {f'"{tag}"', "*"} for one in given)
