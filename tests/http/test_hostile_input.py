"""What attackers and broken clients send is answered with a problem, never with a fault of ours (security.md 12)."""

from typing import Any

import msgspec
import pytest

from api.shared.problems import BodyRefused
from api.shared.strict_json import DEPTH, refuse_ambiguous
from tests.http.daybook import misfits, problem

TASKS = "/api/v1/tasks"
JSON = {"Content-Type": "application/json"}
UNREADABLE = {
    "nothing": b"{",
    "a control character": b'{"title": "a\x00b"}',
    "not UTF-8": b'{"title": "\xff"}',
    "UTF-8 of a surrogate": b'{"title": "\xed\xa0\x80"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"title": "x"}',
    "NaN": b'{"title": "x", "payload": NaN}',
    "Infinity": b'{"title": "x", "payload": -Infinity}',
    "something after the end": b'{"title": "x"}\x00',
    "a comment": b'{"title": "x" /* y */}',
    "a comma too many": b'{"title": "x",}',
    "a lone surrogate": b'{"title": "\\ud800"}',
}
MISFITS: dict[str, tuple[bytes, tuple[str, str]]] = {
    "escaped NUL": (b'{"title": "a\\u0000b"}', ("/title", "unwritable_text")),
    "NUL in a payload": (b'{"title": "x", "payload": {"a": ["\\u0000"]}}', ("/payload/a/0", "unwritable_text")),
    "NUL in a name": (b'{"title": "x", "payload": {"\\u0000": 1}}', ("/payload", "unwritable_text")),
    "1e400": (b'{"title": "x", "payload": 1e400}', ("/payload", "out_of_range")),
    "2^63": (b'{"title": "x", "payload": [9223372036854775808]}', ("/payload/0", "out_of_range")),
    "below -2^63": (b'{"title": "x", "payload": -9223372036854775809}', ("/payload", "out_of_range")),
    "2^63 where a small number is meant": (b'{"title": "x", "max_attempts": 9223372036854775808}', ("/max_attempts", "out_of_range")),
    "a number of 5,000 digits": (b'{"title": "x", "payload": ' + b"9" * 5000 + b"}", ("/payload", "out_of_range")),
    "a field twice": (b'{"title": "x", "title": "y"}', ("/title", "duplicate_field")),
    "a field twice further in": (b'{"title": "x", "payload": [{"a/b": 1, "a/b": 1}]}', ("/payload/0/a~1b", "duplicate_field")),
    "the same field escaped": (b'{"title": "x", "\\u0074itle": "y"}', ("/title", "duplicate_field")),
    "65 levels": (b'{"title": "x", "payload": ' + b"[" * 64 + b"]" * 64 + b"}", ("/payload" + "/0" * 63, "too_deep")),
    "10,000 levels": (b'{"title": "x", "payload": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", ("", "too_deep")),
    "nothing but levels": (b"[" * 100_000, ("", "wrong_type")),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_is_no_json_in_utf_8_is_malformed(api, body):
    answer = await api("POST", TASKS, await api.admin(), content=body, headers=JSON)
    assert problem(answer) == (400, "malformed_json")


@pytest.mark.parametrize(("body", "wrong"), MISFITS.values(), ids=MISFITS)
async def test_what_programs_would_read_differently_is_named_by_its_place(api, body, wrong):
    answer = await api("POST", TASKS, await api.admin(), content=body, headers=JSON)
    assert misfits(answer) == [wrong]


@pytest.mark.parametrize(
    "payload",
    [
        "[[]]",
        '{"a":{"a":1}}',
        '"\\ud83d\\ude00"',
        "9223372036854775807",
        "-9223372036854775808",
        "1e308",
        "-0.0",
        '"<script>"',
        '"\'; drop table events; --"',
        '"' + "\\\\" * 9 + '"',
        "true",
        '"[[{{[\\"[["',
    ],
)
async def test_what_is_only_unusual_comes_back_unchanged(api, payload):
    user = await api.account()
    made = await api("POST", TASKS, user.headers, content=b'{"title": "x", "payload": %s}' % payload.encode(), headers=JSON)
    assert made.status_code == 201
    shown = await api("GET", f"{TASKS}/{made.json()['id']}", user.headers)
    assert repr(shown.json()["payload"]) == repr(made.json()["payload"]) == repr(msgspec.json.decode(payload))


async def test_a_payload_of_64_levels_and_many_brackets_is_no_deep_one(api):
    user = await api.account()
    for payload in (b"[" * 63 + b"]" * 63, b"[" + b",".join([b"{}"] * 500) + b"]"):
        made = await api("POST", TASKS, user.headers, content=b'{"title": "x", "payload": %s}' % payload, headers=JSON)
        assert made.status_code == 201


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/tasks?external_id=%00",
        "/api/v1/tasks?external_id=%ed%a0%80",
        "/api/v1/tasks?cursor=%ff%fe",
        "/api/v1/tasks?limit=1e400",
        "/api/v1/tasks?limit=9223372036854775808",
        "/api/v1/tasks?min_position=9223372036854775808",
        "/api/v1/tasks?%00=1",
        "/api/v1/tasks?external_id=" + "x" * 50_000,
        "/api/v1/tasks?" + "&" * 5000,
        "/api/v1/tasks?status=" + "a," * 40,
        "/api/v1/tasks/00000000-0000-0000-0000-000000000000",
        "/api/v1/tasks/%00",
        "/api/v1/tasks/" + "9" * 5000,
    ],
)
async def test_no_address_makes_us_fail(api, path):
    answer = await api("GET", path, await api.admin())
    assert answer.status_code < 500
    if answer.status_code >= 400:
        problem(answer)


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "If-Match", "If-None-Match", "Authorization", "Accept", "Content-Type", "traceparent", "X-Request-Id"]
)
@pytest.mark.parametrize("value", [b"\xff\xfe", b"x" * 20_000, b"", b'"', b'"\xb2"', b"\xed\xa0\x80", b"%s%n{}[]", b",,,;;;=", b"bearer"])
async def test_no_header_makes_us_fail(api, name, value):
    for method, body in (("GET", None), ("PATCH", b'{"title": "y"}')):
        task = await api.task(await api.admin()) if method == "PATCH" else {"id": "00000000-0000-0000-0000-000000000000"}
        headers: dict[str, Any] = {**await api.admin(), **JSON, name: value}
        answer = await api.http.request(method, f"{TASKS}/{task['id']}", headers=headers, content=body)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            problem(answer)


def test_the_quick_look_and_the_walk_agree_at_the_limit():
    refuse_ambiguous(b"[" * DEPTH + b"]" * DEPTH)
    refuse_ambiguous(b'{"a":' * DEPTH + b"1" + b"}" * DEPTH)
    for deep in (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1)):
        with pytest.raises(BodyRefused) as refused:
            refuse_ambiguous(deep)
        assert [error.code for error in refused.value.errors] == ["too_deep"]


def test_of_many_misfits_only_some_are_told():
    with pytest.raises(BodyRefused) as refused:
        refuse_ambiguous(b"[" + b",".join([b"9223372036854775808"] * 10_000) + b"]")
    assert len(refused.value.errors) == 20
