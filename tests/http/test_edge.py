"""What every answer carries, whatever it is: security headers, trace ids, health beside the API, and no byte too many."""

import gzip
import logging
import re
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from api.shared.health import Health
from infra.http.application import application
from tests.http.daybook import PASSWORD, Api, problem
from tests.http.listening import listening

TASKS = "/api/v1/tasks"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


async def one_of_every_status(api: Api) -> dict[int, httpx.Response]:
    user, admin = await api.account(), await api.admin()
    task = await api.task(user.headers)
    path = f"{TASKS}/{task['id']}"
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", path, {}), ("POST", TASKS, {"json": {"title": "x"}}), ("GET", path, {"headers": {"If-None-Match": '"1"'}}),
        ("GET", TASKS, {"headers": {"Authorization": ""}}), ("GET", "/api/v1/users", {}), ("GET", f"{TASKS}/{uuid4()}", {}), ("PUT", TASKS, {}),
        ("GET", path, {"headers": {"Accept": "text/css"}}), ("POST", TASKS, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", TASKS, {"content": b"{}", "headers": {"Content-Type": "text/plain"}}), ("POST", TASKS, {"content": b"x" * 2_000_000}),
        ("PATCH", path, {"json": {"title": "y"}, "headers": {"If-Match": '"7"'}}), ("GET", f"{TASKS}?min_position=99999999", {}),
        ("GET", "/api", {"headers": {"Accept": "text/html"}}), ("DELETE", path, {}),
    ]  # fmt: skip
    answers = [await api(method, where, user.headers, **more) for method, where, more in asked]
    email = f"{uuid4().hex}@example.org"
    keyed = [
        await api("POST", "/api/v1/users", admin, headers={"Idempotency-Key": email}, json={"email": email, "name": name, "password": PASSWORD})
        for name in "AB"
    ]
    return {answer.status_code: answer for answer in [*answers, *keyed]}


async def test_every_status_carries_the_security_headers_and_is_not_cached(api):
    answers = await one_of_every_status(api)
    assert sorted(answers) == [200, 201, 204, 302, 304, 400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422]
    for status, answer in answers.items():
        told = answer.headers
        assert told["x-content-type-options"] == "nosniff", status
        assert told["referrer-policy"] == "no-referrer", status
        assert told["x-frame-options"] == "DENY", status
        assert "frame-ancestors 'none'" in told["content-security-policy"], status
        assert told["cache-control"] == "no-store", status
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", told["traceparent"]), status
        assert "strict-transport-security" not in told, status
        assert "server" not in told, status


async def test_behind_tls_browsers_are_told_to_stay_there(api):
    answer = await api.http.get("https://daybook.test/live")
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(("sent", "kept"), [(PARENT, True), ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", False), ("garbage", False), (None, False)])
async def test_a_trace_goes_on_from_request_to_answer_problem_and_event(api, sent, kept):
    headers = {"traceparent": sent} if sent else {}
    user = await api.account()
    made = await api("POST", TASKS, user.headers, json={"title": "x"}, headers=headers)
    trace = made.headers["traceparent"].split("-")[1]
    assert (trace == TRACE) is kept
    assert made.headers["traceparent"] != sent
    refused = await api("GET", f"{TASKS}/{uuid4()}", user.headers, headers=headers)
    assert problem(refused) == (404, "not_found")
    assert (refused.json()["trace_id"] == TRACE) is kept
    async with api.system.log.readers.connection() as connection:
        query = "select convert_from(metadata::text::bytea, 'UTF8') from events where stream_id = %s"
        row = await (await connection.execute(query, (made.json()["id"],))).fetchone()
    assert trace in str(row)


@pytest.mark.parametrize(("sent", "echoed"), [("order-4711", True), ("x" * 128, True), ("x" * 129, False), ("two words", False), ("", False)])
async def test_a_request_id_comes_back_if_it_is_harmless(api, sent, echoed):
    answer = await api("GET", "/live", headers={"X-Request-Id": sent})
    assert (answer.headers["x-request-id"] == sent) is echoed
    assert answer.headers["x-request-id"]


async def test_health_says_whether_to_send_work_and_what_is_missing(api):
    for path in ("/live", "/health/live"):
        assert (await api("GET", path)).json() == {"status": "ok", "process": "serve"}
    for path in ("/ready", "/health/ready", "/health"):
        answer = await api("GET", path)
        assert (answer.status_code, answer.json()["status"], answer.json()["checks"]["database"]) == (200, "ok", "ok")


async def test_who_drains_is_alive_but_not_ready(api):
    api.health.draining = True
    try:
        answer = await api("GET", "/ready")
        assert (answer.status_code, answer.json()["status"], answer.headers["retry-after"]) == (503, "draining", "1")
        assert (await api("GET", "/live")).status_code == 200
    finally:
        api.health.draining = False


@pytest.mark.parametrize(("kind", "status", "word"), [("require", 503, "down"), ("watch", 200, "warn")])
async def test_what_is_needed_makes_unready_what_is_only_useful_warns(api, kind, status, word):
    async def broken() -> str:
        return "unreachable"

    health = Health("serve")
    getattr(health, kind)("disk", broken)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(api.parts, health)), base_url="http://daybook.test") as http:
        answer = await http.get("/ready")
    assert (answer.status_code, answer.json()["status"], answer.json()["checks"]) == (status, word, {"disk": "unreachable"})


async def test_metrics_count_requests_by_route_and_never_by_id(api):
    task = await api.task((await api.account()).headers)
    await api("GET", f"{TASKS}/{task['id']}", await api.admin())
    answer = await api("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["content-type"].count("charset") == 1
    assert re.search(r'daybook_request_seconds_count\{method="GET",route="/api/v1/tasks/\{task_id\}",status="200"\} [1-9]', answer.text)
    assert task["id"] not in answer.text


async def test_pages_of_listed_origins_may_call_and_others_may_not(api):
    preflight = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match,idempotency-key"}
    async with api.with_rules(cors_origins=("https://app.example",)) as http:
        for origin in ("https://evil.example", "https://app.example.evil.example", "http://app.example", "null"):
            refused = await http.options(TASKS, headers=preflight | {"Origin": origin})
            simple = await http.get("/live", headers={"Origin": origin})
            assert "access-control-allow-origin" not in {**refused.headers, **simple.headers}, origin
        told = (await http.options(TASKS, headers=preflight | {"Origin": "https://app.example"})).headers
        assert told["access-control-allow-origin"] == "https://app.example"
        assert told["access-control-allow-credentials"] == "true"
        assert "Origin" in told["vary"]
        simple = await http.get(TASKS, headers={"Origin": "https://app.example"})
        assert (simple.status_code, simple.headers["access-control-allow-origin"]) == (401, "https://app.example")
        assert {"etag", "location", "daybook-position"} <= {
            name.strip().lower() for name in simple.headers["access-control-expose-headers"].split(",")
        }
    async with api.with_rules(cors_origins=("*",)) as http:
        assert "access-control-allow-credentials" not in (await http.get("/live", headers={"Origin": "https://evil.example"})).headers
    assert "access-control-allow-origin" not in (await api("GET", "/live", headers={"Origin": "https://app.example"})).headers


async def test_large_answers_are_packed_for_who_can_read_that(api):
    user = await api.account()
    for _ in range(5):
        await api.task(user.headers, description="fan " * 200)
    plain = await api("GET", TASKS, user.headers, headers={"Accept-Encoding": "identity"})
    async with api.http.stream("GET", TASKS, headers={**user.headers, "Accept-Encoding": "gzip"}) as answer:
        packed = b"".join([part async for part in answer.aiter_raw()])
    assert (answer.headers["content-encoding"], "accept-encoding" in answer.headers["vary"].lower()) == ("gzip", True)
    assert gzip.decompress(packed) == plain.content
    assert len(packed) < len(plain.content) / 5
    assert "content-encoding" not in plain.headers
    small = await api("GET", "/live", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers
    tagged = await api("GET", f"{TASKS}/{plain.json()['items'][0]['id']}", user.headers, headers={"Accept-Encoding": "gzip"})
    assert len(tagged.content) > 1024
    assert "content-encoding" not in tagged.headers, "a strong ETag names exactly these bytes"
    signed_in = await api("POST", "/api/v1/auth/login", json={"email": "root@example.org", "password": PASSWORD}, headers={"Accept-Encoding": "gzip"})
    assert len(signed_in.content) > 1024
    assert "content-encoding" not in signed_in.headers, "the packed size would tell about the secret"


async def test_a_real_web_server_agrees(api, caplog):
    async with listening(api) as http:
        await head_lists_and_large_bodies(api, http)
    # The server counts the bytes of a body; what it has to say about them it says only here.
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn") and record.levelno >= logging.ERROR] == []


async def head_lists_and_large_bodies(api: Api, http: httpx.AsyncClient) -> None:
    task = await api.task(await api.admin(), description="fan " * 300)
    path = f"{TASKS}/{task['id']}"
    asked = await http.head(path, headers=await api.admin())
    assert (asked.status_code, asked.content, asked.headers["etag"]) == (200, b"", '"1"')
    assert int(asked.headers["content-length"]) > 300
    assert (await http.head("/nowhere")).status_code == 404
    whole = await http.get("/api/v1/admin/tasks", headers=await api.admin())
    assert task["id"] in {one["id"] for one in whole.json()["items"]}
    assert whole.headers["content-encoding"] == "gzip"
    large = await http.post(TASKS, content=b"x" * 11_000_000, headers={**await api.admin(), "Content-Type": "application/json"})
    assert problem(large) == (413, "payload_too_large")
    assert "server" not in large.headers
    assert msgspec.json.decode((await http.get("/live")).content)["status"] == "ok"
