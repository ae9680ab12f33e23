"""Every answer tells browsers what they must not do with it, whatever its status and method (security.md 13)."""

from typing import Any

import httpx
import psycopg
import pytest

from api.shared.parts import Rules
from infra.http.application import rules
from infra.settings import read_settings
from tests.http.daybook import Api
from tests.infra.test_settings import ENOUGH
from tests.security.instances import another, called_from

ME = "/api/v1/auth/me"
TASKS = "/api/v1/tasks"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
ORIGIN = "https://app.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}


def must_be_hardened(answer: httpx.Response) -> None:
    told = answer.headers
    assert {name: told[name] for name in ALWAYS} == ALWAYS, answer
    assert told["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert told["permissions-policy"]
    assert not {"server", "x-powered-by"} & set(told), answer
    for name in (*ALWAYS, "content-security-policy"):
        assert len(told.get_list(name)) == 1, name


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/nowhere", {}, 404),
        ("GET", "/api/v1/nowhere", {}, 404),
        ("DELETE", "/live", {}, 405),
        ("POST", "/api/v1/auth/me", {}, 405),
        ("POST", "/api/v1/auth/login", {"content": b"x" * 2_000_000, "headers": {"Content-Type": "application/json"}}, 413),
        ("POST", "/api/v1/auth/login", {"content": b"{}", "headers": {"Content-Type": "text/html"}}, 415),
        ("POST", "/api/v1/auth/login", {"content": b"[" * 20_000, "headers": {"Content-Type": "application/json"}}, 400),
        ("GET", "/api/v1/tasks/<script>", {}, 404),
        ("HEAD", "/live", {}, 200),
        ("HEAD", ME, {}, 401),
        ("HEAD", "/nowhere", {}, 404),
        ("OPTIONS", TASKS, {}, 204),
        ("OPTIONS", "/nowhere", {}, 404),
        ("TRACE", "/live", {}, 405),
        ("GET", "/metrics", {}, 200),
    ],
)
async def test_whatever_is_asked(api, method, path, more, status):
    answer = await api(method, path, **more)
    assert answer.status_code == status
    must_be_hardened(answer)


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("boom"), 500), (psycopg.OperationalError("away"), 503)])
async def test_what_goes_wrong_here(api, monkeypatch, error, status):
    headers = await api.admin()
    monkeypatch.setattr(api.parts.tokens, "verify", lambda *_: raising(error))
    answer = await api("GET", ME, headers)
    assert answer.status_code == status
    assert "boom" not in answer.text
    must_be_hardened(answer)


def raising(error: Exception) -> Any:
    raise error


async def test_who_asks_too_much(api):
    async with another(api, throttler_limit=0, rate_limits="auth=1/60") as strict, called_from(strict, "203.0.113.200") as http:
        answers = [await http.get(ME) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    for answer in answers:
        must_be_hardened(answer)


async def test_a_page_that_asks_first(api):
    async with api.with_rules(cors_origins=(ORIGIN,)) as http:
        allowed = await http.options(TASKS, headers=PREFLIGHT)
        refused = await http.options(TASKS, headers=PREFLIGHT | {"Origin": "https://evil.example"})
    assert allowed.headers["access-control-max-age"] == "86400"
    assert "access-control-allow-origin" not in refused.headers
    for answer in (allowed, refused):
        must_be_hardened(answer)


@pytest.mark.parametrize("status", [200, 401, 404, 405, 429])
async def test_pages_of_a_listed_origin_may_read_limits_and_problems_of_every_status(api: Api, status):
    asked = {200: ("GET", "/live"), 404: ("GET", "/nowhere"), 405: ("DELETE", "/live")}.get(status, ("GET", ME))
    rare = {"throttler_limit": 0, "rate_limits": "auth=1/60"}
    async with another(api, **rare, cors_origins=ORIGIN) as strict, called_from(strict, f"203.0.113.{status % 250}") as http:
        answers = [await http.request(*asked, headers={"Origin": ORIGIN}) for _ in range(2 if status == 429 else 1)]
    assert answers[-1].status_code == status
    assert answers[-1].headers["access-control-allow-origin"] == ORIGIN
    shown = {name.strip().lower() for name in answers[-1].headers["access-control-expose-headers"].split(",")}
    assert {"ratelimit", "ratelimit-policy", "retry-after", "etag"} <= shown


def test_only_while_one_develops_pages_of_this_machine_may_call():
    def origins(**more: str) -> Rules:
        return rules(read_settings(ENOUGH | more)).cors_origins

    assert "http://localhost:3000" in origins()
    assert all(origin.startswith("http://localhost:") for origin in origins())
    assert origins(ENV="production") == ()
    assert origins(CORS_ORIGINS=f" {ORIGIN} , https://b.example") == (ORIGIN, "https://b.example")
