"""Methods, forms and sizes that an address knows, and those it does not."""

from collections import defaultdict
from uuid import uuid4

import pytest

from tests.http.daybook import problem
from tests.http.operations import operations

TASKS = "/api/v1/tasks"
NOWHERE = uuid4()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "BREW"])
async def test_405_names_the_methods_there_are(api, method):
    answer = await api(method, TASKS)
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_405_is_said_of_every_method_that_an_address_does_not_have(api):
    there = defaultdict(dict)
    for operation in operations(api).values():
        there[operation.path][operation.method] = operation.address()
    wrong = []
    for methods in there.values():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(methods):
            answer = await api(method, next(iter(methods.values())))
            allowed = set(answer.headers.get("allow", "").split(", "))
            if answer.status_code != 405 or not allowed >= set(methods) or method in allowed:
                wrong.append((method, answer.url.path, answer.status_code, allowed))
    assert wrong == []
    assert len(there) > 150


async def test_options_names_all_methods_of_an_address_to_everybody(api):
    answer = await api("OPTIONS", f"{TASKS}/{NOWHERE}")
    assert (answer.status_code, answer.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT")


async def test_head_is_get_without_its_body(api):
    user = await api.account()
    path = f"{TASKS}/{(await api.task(user.headers))['id']}"
    read, asked = await api("GET", path, user.headers), await api("HEAD", path, user.headers)
    assert (asked.status_code, asked.content) == (200, b"")
    assert {name: asked.headers[name] for name in ("etag", "content-type", "content-length")} == {
        name: read.headers[name] for name in ("etag", "content-type", "content-length")
    }
    assert (await api("HEAD", f"{TASKS}/{NOWHERE}", user.headers)).status_code == 404


@pytest.mark.parametrize(
    ("accept", "fits"),
    [
        ("application/json", True),
        ("text/html, */*;q=0.1", True),
        ("", True),
        ("Application/*", True),
        ("application/xml", False),
        ("text/html", False),
        ("application/json;q=0", False),
    ],
)
async def test_406_where_no_form_is_accepted_that_there_is(api, accept, fits):
    answer = await api("GET", "/api/v1/auth/me", await api.admin(), headers={"Accept": accept})
    assert answer.status_code == 200 if fits else problem(answer) == (406, "not_acceptable")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/jsonp",
        "application/json, text/plain",
        "text/json",
    ],
)
async def test_415_for_anything_but_json_in_utf_8(api, kind):
    answer = await api("POST", TASKS, await api.admin(), content=b'{"title": "x"}', headers={"Content-Type": kind} if kind else {})
    assert problem(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=UTF-8", 'application/json;charset="utf-8"', "application/merge-patch+json"]
)
async def test_json_by_any_of_its_names_is_read(api, kind):
    answer = await api("POST", TASKS, await api.admin(), content=b'{"title": "x"}', headers={"Content-Type": kind})
    assert answer.status_code == 201


async def test_413_for_a_body_that_is_too_large_however_it_is_sent(api):
    async def parts():
        for _ in range(11):
            yield b"x" * 1_000_000

    admin = await api.admin()
    for content in (b"x" * 11_000_000, parts()):
        answer = await api("POST", TASKS, admin, content=content, headers={"Content-Type": "application/json"})
        assert problem(answer) == (413, "payload_too_large")
