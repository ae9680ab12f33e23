"""Health at the root: is the process alive, may it be sent work, how is it, and numbers for Prometheus."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import msgspec
from litestar import Litestar, Response, get
from litestar.openapi import ResponseSpec
from litestar.types import ControllerRouterHandler
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from api.shared.access import PUBLIC
from api.shared.limits import UNLIMITED
from api.shared.operations import described

Check = Callable[[], Awaitable[str]]
TOLD: Final = {200: "As asked.", 503: "Not to be sent work now."}


class Live(msgspec.Struct, frozen=True):
    """A process that answers."""

    status: Literal["ok"]
    process: str


class Report(msgspec.Struct, frozen=True):
    """How a process is: `ok`, `warn` (works, but something is missing), `draining` or `down`; each check `ok` or what is wrong."""

    status: Literal["ok", "warn", "draining", "down"]
    process: str
    checks: dict[str, str]
    doing: dict[str, Any]


class Health:
    """What one process knows of itself. A check answers `ok`, or what is wrong."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.draining = False
        self._required: dict[str, Check] = {}
        self._optional: dict[str, Check] = {}
        self._describe: Callable[[], dict[str, Any]] = dict

    def require(self, name: str, check: Check) -> None:
        """Without this the process takes no work."""
        self._required[name] = check

    def watch(self, name: str, check: Check) -> None:
        """Without this the process works, and warns."""
        self._optional[name] = check

    def describe(self, describe: Callable[[], dict[str, Any]]) -> None:
        """What the process is doing."""
        self._describe = describe

    def measure(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A number for Prometheus, read when it is asked for."""
        known = getattr(REGISTRY, "_names_to_collectors", {}).get(name)
        (known or Gauge(name, meaning)).set_function(value)

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """Whether the process may be sent work, and the details."""
        required = {name: await check() for name, check in self._required.items()}
        optional = {name: await check() for name, check in self._optional.items()}
        ready = not self.draining and all(found == "ok" for found in required.values())
        well = ready and all(found == "ok" for found in optional.values())
        status = "ok" if well else "warn" if ready else "draining" if self.draining else "down"
        return ready, {"status": status, "process": self.name, "checks": {**required, **optional}, "doing": self._describe()}


def _named(name: str) -> Callable[[Any, Any, list[Any]], str]:
    """Operation ids of a handler with two addresses."""

    def operation_id(_handler: Any, _method: Any, components: list[Any]) -> str:
        return name if len(components) == 1 else f"{name}_under_health"

    return operation_id


def _documented(name: str, summary: str, answers: Any, *further: int) -> dict[str, Any]:
    kind = "text/plain" if answers is str else "application/json"
    told = {status: ResponseSpec(answers, description=TOLD[status], media_type=kind, generate_examples=False) for status in (200, *further)}
    shown = described(None, needs=PUBLIC, asked=(), answers=answers)
    more: dict[str, Any] = {"operation_class": shown, "responses": told, "tags": ["health"]}
    return {"needs": PUBLIC, "limit": UNLIMITED, "operation_id": _named(name), "summary": summary, **more}


def _told(is_ready: bool, report: dict[str, Any]) -> Response[bytes]:  # noqa: FBT001 — as `Health.report` gives it.
    headers = {} if is_ready else {"Retry-After": "1"}
    return Response(msgspec.json.encode(report), status_code=200 if is_ready else 503, media_type="application/json", headers=headers)


def health_routes(health: Health) -> list[ControllerRouterHandler]:
    """`/live`, `/ready`, `/health`, `/metrics`."""

    @get(["/live", "/health/live"], **_documented("live", "Is the process alive", Live))
    async def live() -> Live:
        """Answers as long as the event loop turns."""
        return Live("ok", health.name)

    @get(["/ready", "/health/ready"], **_documented("ready", "May the process be sent work", Report, 503))
    async def ready() -> Response[bytes]:
        """503 while draining or without what it needs; everything else only warns."""
        return _told(*await health.report())

    @get("/health", **_documented("health", "How is the process", Report, 503))
    async def details() -> Response[bytes]:
        """Every check and what the process is doing."""
        return _told(*await health.report())

    @get("/metrics", **_documented("metrics", "Numbers for Prometheus", str), media_type="text/plain")
    async def metrics() -> Response[bytes]:
        """Prometheus text format."""
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})  # as media_type it would get a second charset

    return [live, ready, details, metrics]


def health_app(health: Health) -> Litestar:
    """A web application with nothing but health, for processes that are not the API."""
    return Litestar(health_routes(health), openapi_config=None, logging_config=None)
