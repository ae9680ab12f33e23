"""What the document says about every operation beyond its types: who may, which headers travel, and an example of all that is sent."""

from collections.abc import Callable, Iterable, Mapping
from inspect import Signature, signature
from types import MappingProxyType
from typing import Any, Final, get_args, get_type_hints

import msgspec
from litestar.openapi.spec import Example, OpenAPIHeader, OpenAPIMediaType, OpenAPIResponse, Operation, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from api.shared.examples import ID, example_of
from application.shared.permissions import PERMISSIONS

TEXT: Final = Schema(type=OpenAPIType.STRING)
FILE: Final = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
NUMBER: Final = Schema(type=OpenAPIType.STRING, pattern="^[0-9]+$")
KEY: Final = "Idempotency-Key"
ASKED: Final = {
    KEY: ("A word of the client's own, 1 to 255 characters: the same request under the same key is carried out once.", "order-7"),
    "If-Match": ("The ETag of the version that is changed; another one is refused with 412.", '"3"'),
    "If-None-Match": ("The ETag the client has; 304 when it is still the newest.", '"3"'),
}
TOLD: Final = {
    "Daybook-Position": ("The position of the log that this answer shows.", NUMBER),
    "ETag": ("The version of the resource.", TEXT),
    "Location": ("Where the new resource is.", TEXT),
    "Link": ('The next page, `rel="next"`.', TEXT),
    "Idempotent-Replayed": ("`true`: this key was used before, and this is what was answered then.", TEXT),
    "Retry-After": ("Seconds after which it is worth trying again.", NUMBER),
    "WWW-Authenticate": ("How to prove who calls (RFC 6750).", TEXT),
    "RateLimit-Policy": ("The limit that counts here: its name, `q` requests in any `w` seconds.", TEXT),
    "RateLimit": ("`r` requests are left, more in `t` seconds.", TEXT),
    "X-RateLimit-Limit": ("The same `q`.", NUMBER),
    "X-RateLimit-Remaining": ("The same `r`.", NUMBER),
    "X-RateLimit-Reset": ("The same `t`.", NUMBER),
}
LIMITS: Final = ("RateLimit-Policy", "RateLimit", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


class _Shown(Example):
    def to_schema(self) -> dict[str, Any]:
        return {"value": self.value}  # The framework would leave out every null in it.


def described(
    function: Any,
    *,
    needs: str,
    asked: Iterable[str],
    keyed: bool = False,
    answers: Any,
    also: Mapping[int, Any] = MappingProxyType({}),
    takes: Mapping[str, str] = MappingProxyType({}),
    sends: Iterable[str] = (),
    further: Callable[[Operation], object] = id,
) -> type[Operation]:
    """The kind of operation that says all this about a route's function. `needs`: `public` or a permission; `keyed`: an idempotency key must
    come with it; `also`: answers of other statuses; `takes`: media types of a body that is a file, with an example of each; `sends`: those
    of an answer that is one; `further` says at the end what only this operation has.
    """
    body = _body_of(function)
    roles = "Open to everybody." if needs == "public" else f"Needs `{needs}`. For: {', '.join(_roles(needs))}."

    class Described(Operation):
        def __init__(self, **told: Any) -> None:
            super().__init__(**told)
            self.description = f"{self.description}\n\n{roles}"
            if needs == "public":
                self.security = [{}]
            self.parameters = [*(self.parameters or []), *(_header(name, required=keyed and name == KEY) for name in asked)] or None
            if body is not None and isinstance(self.request_body, RequestBody):
                self.request_body.required = signature(function).parameters["data"].default is Signature.empty
                for media in self.request_body.content.values():
                    media.examples = {"usual": _Shown(value=example_of(body, asked=True))}
            if takes:
                self.request_body = RequestBody({media: _file(example) for media, example in takes.items()}, "The file itself.", required=True)
            usual = ["Daybook-Position"] if function is not None else []
            usual += LIMITS if "429" in (self.responses or {}) else ()
            for code, response in (self.responses or {}).items():
                if isinstance(response, OpenAPIResponse):
                    if sends and int(code) < 300:
                        response.content = {media: _file("…") for media in sends}
                    _complete(response, int(code), also.get(int(code), answers), asked, usual)
            if "If-None-Match" in asked and self.responses is not None:
                self.responses["304"] = OpenAPIResponse(description="Not changed since the version the client has.", headers=_told("ETag"))
            further(self)

    return Described


def _roles(needs: str) -> list[str]:
    return sorted(role for role, reach in PERMISSIONS[needs].items() if reach)


def _body_of(function: Any) -> Any:
    hint = get_type_hints(function).get("data") if function is not None else None
    return next((one for one in get_args(hint) or (hint,) if isinstance(one, type) and issubclass(one, msgspec.Struct)), None)


def _file(example: str) -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=FILE, examples={"usual": _Shown(value=example)})


def _header(name: str, *, required: bool) -> Parameter:
    meaning, example = ASKED[name]
    is_key = name == KEY
    schema = Schema(type=OpenAPIType.STRING, min_length=1, max_length=255, pattern='[^" \\t]') if is_key else TEXT
    return Parameter(name=name, param_in="header", description=meaning, schema=schema, required=required, examples={"usual": _Shown(value=example)})


def _told(*names: str) -> dict[str, Any]:
    return {name: OpenAPIHeader(description=TOLD[name][0], schema=TOLD[name][1], param_in="header", name="") for name in names}


def _complete(response: OpenAPIResponse, status: int, answers: Any, asked: Iterable[str], usual: list[str]) -> None:
    headers = {401: ["WWW-Authenticate"], 429: ["Retry-After", *LIMITS], 503: ["Retry-After"]}.get(status, [])
    shown: Any = None
    if status < 300:
        headers = ["Location"] if status in {201, 202} and "id" in _fields(answers) else []
        headers += ["ETag"] if has_version(answers) or "If-None-Match" in asked else []
        headers += ["Link"] if "next_cursor" in _fields(answers) else []
        headers += usual + (["Idempotent-Replayed"] if KEY in asked else [])
        shown = None if answers is None else example_of(answers)
    elif "application/problem+json" in (response.content or {}):
        shown = _problem(status, response.description)
    elif answers is not None:
        shown = example_of(answers)
    if status == 204:
        response.content = None
    response.headers = {**(response.headers or {}), **_told(*headers)}
    for media in (response.content or {}).values() if shown is not None else ():
        if isinstance(media, OpenAPIMediaType):
            media.examples = {"usual": _Shown(value=shown)}


def _fields(answers: Any) -> set[str]:
    kind = getattr(answers, "__origin__", answers)
    return {field.name for field in msgspec.structs.fields(kind)} if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else set()


def has_version(answers: Any) -> bool:
    """Whether this is a single resource with a version, and so with an ETag."""
    return "version" in _fields(answers)


def _problem(status: int, description: str) -> dict[str, Any]:
    words = description.split("`")
    code = words[1] if len(words) > 1 and words[1] != "code" else "invalid_transition"
    title = description.partition(":")[0].partition(";")[0].rstrip(".")
    told = {"type": f"/api/docs/problems#{code}", "title": title, "status": status, "code": code, "detail": f"{title}."}
    errors = [{"pointer": "/title", "code": "required", "message": "title must not be empty."}] if status == 400 else None
    return told | {"instance": f"/api/v1/tasks/{ID}", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"} | ({"errors": errors} if errors else {})
