"""Whatever is sent as a body, to any operation: the answer is a problem of the client's, never a fault of ours (security.md 12)."""

from typing import Any

import httpx
import msgspec
import pytest

from tests.http.daybook import problem
from tests.http.listening import listening
from tests.http.operations import Operation
from tests.security.bodies import asking, with_bodies

__all__ = ["asking"]
JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 10_000 + b"]" * 10_000
VALUES: dict[str, bytes] = {
    "NUL": b'"a\\u0000b"',
    "a raw NUL": b'"a\x00b"',
    "a lone surrogate": b'"\\ud800"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "1e400": b"1e400",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "2^63": b"9223372036854775808",
    "below -2^63": b"-9223372036854775809",
    "5,000 digits": b"9" * 5000,
    "10,000 levels": DEEP,
    "10,000 objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "no UTF-8": b'"\xff\xfe"',
    "an empty object": b"{}",
    "true": b"true",
    "a date that is none": b'"2026-02-30T25:61:61Z"',
    "a date before all time": b'"0001-01-01T00:00:00+14:00"',
    "a date after all time": b'"9999-12-31T23:59:59-14:00"',
    "a very long text": b'"' + b"x" * 300_000 + b'"',
    "SQL": b'"\'; drop table events; --"',
    "a path": b'"../../../etc/passwd\\u0000"',
    "a format": b'"%s%n{0.__class__}"',
}
WHOLE: dict[str, tuple[bytes, dict[str, str], int]] = {
    "nothing": (b"", JSON, 400),
    "no JSON": (b"{", JSON, 400),
    "a list": (b"[]", JSON, 400),
    "null": (b"null", JSON, 400),
    "10,000 levels": (DEEP, JSON, 400),
    "another charset": (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415),
    "a form": (b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "parts": (b"--x\r\n\r\n--x--", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    "XML": (b"<a/>", {"Content-Type": "application/xml"}, 415),
    "no type": (b"{}", {"Content-Type": ""}, 415),
    "a wrong type": (b"{}", {"Content-Type": "nonsense"}, 415),
    "11 MB": (b'{"a":"' + b"x" * 11_000_000 + b'"}', JSON, 413),
}


def is_ours(answer: httpx.Response) -> bool:
    return answer.status_code >= 500


@pytest.mark.parametrize("kind", VALUES)
async def test_a_hostile_value_in_any_field_is_refused_or_harmless(api, asking, kind):
    for name, one in with_bodies(api).items():
        for field in one.example or {"x": 1}:
            fields = {key: VALUES[kind] if key == field else msgspec.json.encode(one.example[key]) for key in one.example}
            body = b",".join(b"%s:%s" % (msgspec.json.encode(key), value) for key, value in fields.items())
            answer = await asking(one, content=b"{%s}" % body, headers=JSON)
            assert not is_ours(answer), (name, field, answer.text)
            if answer.status_code >= 400:
                problem(answer)


@pytest.mark.parametrize("kind", WHOLE)
async def test_a_body_that_is_none_is_refused_with_the_status_that_says_why(api, asking, kind):
    content, headers, wanted = WHOLE[kind]
    for name, one in with_bodies(api).items():
        required = one.told["requestBody"].get("required", False)
        answer = await asking(one, content=content, headers=headers)
        assert not is_ours(answer), (name, answer.text)
        if required:
            # What an address names is looked for first: 404 comes before 400.
            assert problem(answer)[0] in ({wanted, 404} if "{" in one.path else {wanted}), (name, answer.text)
        elif content not in {b"", b"null"}:
            assert 400 <= answer.status_code < 500, (name, answer.text)


async def test_a_field_that_stands_there_twice_is_refused_everywhere(api, asking):
    asked = 0
    for name, one in with_bodies(api).items():
        field = next(iter(one.example), None)
        if field is None:
            continue
        asked += 1
        pair = b"%s:%s" % (msgspec.json.encode(field), msgspec.json.encode(one.example[field]))
        rest = msgspec.json.encode(one.example)[1:]
        answer = await asking(one, content=b"{" + pair + b"," + rest, headers=JSON)
        assert problem(answer)[0] in ({400, 404} if "{" in one.path else {400}), (name, answer.text)
        if answer.status_code == 400:
            assert "duplicate_field" in answer.text, name
    assert asked > 15


async def test_eleven_megabytes_without_a_length_are_refused_as_well(api):
    """Over a real web server, in parts, so that only counting what comes can tell."""

    async def parts() -> Any:
        yield b'{"title":"'
        for _ in range(11):
            yield b"x" * 1_000_000
        yield b'"}'

    async with listening(api) as http:
        try:
            answer = await http.post("/api/v1/tasks", content=parts(), headers={**JSON, **await api.admin()})
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            return  # Hung up on, which is an answer, too.
        assert problem(answer) == (413, "payload_too_large")


def test_the_list_of_operations_is_not_empty(api):
    found: dict[str, Operation] = with_bodies(api)
    assert len(found) > 20
