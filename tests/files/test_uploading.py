"""Files as clients send them: as one form with one file, which is not too large, is what it is said to be, and finds room."""

import asyncio
import sys
from collections.abc import AsyncIterator

import msgspec
import pytest

from infra.http.application import application
from infra.outside.scanner import CommandScanner
from tests.files.http import KIB, PNG, kept, place, send
from tests.http.daybook import misfits, problem


async def test_too_large_a_file_is_refused_before_it_is_sent_and_while_it_is(api):
    who, path = await place(api)
    assert problem(await send(api, path, who.headers, b"x" * (200 * KIB), "x.txt", "text/plain")) == (413, "payload_too_large")
    assert problem(await send(api, path, who.headers, b"x" * (64 * KIB + 1), "x.txt", "text/plain")) == (413, "payload_too_large")
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r\n'
        for _ in range(1000):
            sent += KIB
            yield b"x" * KIB

    # Without a Content-Length, so that only counting can tell.
    answer = await api("POST", path, who.headers, content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert problem(answer) == (413, "payload_too_large")
    assert answer.json()["limit"] == 64 * KIB
    assert (await send(api, path, who.headers, b"x" * (64 * KIB), "x.txt", "text/plain")).status_code == 201
    assert not list((api.system.settings.files_at / "drafts").glob("*"))


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"files": {"other": ("a.txt", b"x", "text/plain")}}, [("/other", "unknown_field")]),
        ({"files": [("file", ("a.txt", b"x", "text/plain")), ("file", ("b.txt", b"x", "text/plain"))]}, [("/file", "duplicate_parameter")]),
        ({"files": {"file": ("a.txt", b"x", "text/plain")}, "data": {"owner_id": "me"}}, [("/owner_id", "unknown_field")]),
        ({"files": {"file": (None, b"x")}}, [("/file", "unknown_field")]),
        ({"content": b"--b--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, [("/file", "required")]),
        ({"content": b"--b\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, [("", "malformed_form")]),
        ({"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, [("", "malformed_form")]),
        ({"content": b"{}", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, [("", "malformed_form")]),
    ],
)
async def test_a_form_that_is_not_one_file_is_refused(api, form, wrong):
    who, path = await place(api)
    before = len(kept(api))
    assert misfits(await api("POST", path, who.headers, **form)) == wrong
    assert len(kept(api)) == before


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/mixed; boundary=b", "image/png", ""])
async def test_only_a_form_is_read(api, kind):
    who, path = await place(api)
    assert problem(await api("POST", path, who.headers, content=PNG, headers={"Content-Type": kind})) == (415, "unsupported_media_type")


async def test_what_is_not_what_it_is_said_to_be_is_refused_and_leaves_nothing(api):
    who, path = await place(api)
    before = len(kept(api))
    for content, name, kind in (
        (b"<!DOCTYPE html><script>alert(1)</script>", "page.txt", "text/plain"),
        (b"<svg/>", "x.svg", "image/svg+xml"),
        (b"MZ\x90\0\3", "setup.exe", "application/octet-stream"),
        (PNG, "fan.jpg", "image/jpeg"),
    ):
        assert problem(await send(api, path, who.headers, content, name, kind)) == (415, "unsupported_media_type")
    assert len(kept(api)) == before


async def test_the_same_request_again_is_one_file_and_leaves_no_second_copy(api):
    who, path = await place(api)
    first = await send(api, path, who.headers, headers={"Idempotency-Key": "photo"})
    copies = len(kept(api))
    again = await send(api, path, who.headers, headers={"Idempotency-Key": "photo"})
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == first.json()
    assert problem(await send(api, path, who.headers, PNG + b"!", headers={"Idempotency-Key": "photo"})) == (422, "idempotency_key_reused")
    assert len(kept(api)) == copies


async def test_the_same_file_on_another_task_is_another_request(api):
    (who, path), upload, key = await place(api), "/api/v1/files/upload", {"Idempotency-Key": "photo, again"}
    assert (await send(api, upload, who.headers, data={"task_id": path.split("/")[4]}, headers=key)).status_code == 201
    other = (await api.task(who.headers))["id"]
    assert problem(await send(api, upload, who.headers, data={"task_id": other}, headers=key)) == (422, "idempotency_key_reused")


async def test_the_seeds_address_takes_the_task_from_the_form(api):
    who, path = await place(api)
    task_id = path.split("/")[4]
    made = await send(api, "/api/v1/files/upload", who.headers, data={"task_id": task_id})
    assert (made.status_code, made.json()["task_id"]) == (201, task_id)
    assert misfits(await send(api, "/api/v1/files/upload", who.headers)) == [("/task_id", "required")]
    assert misfits(await send(api, "/api/v1/files/upload", who.headers, data={"task_id": "../x"})) == [("/task_id", "wrong_format")]
    stranger = (await api.account()).headers
    assert problem(await send(api, "/api/v1/files/upload", stranger, data={"task_id": task_id})) == (404, "not_found")


async def test_the_quota_is_kept_to_the_byte_by_uploads_at_the_same_moment(api):
    who, path = await place(api)
    content = b"x" * (20 * KIB)
    sends = [send(api, path, who.headers, content, f"{nth}.txt", "text/plain") for nth in range(20)]
    answers = await asyncio.gather(*sends)
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 10
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert problem(refused) == (409, "quota_exceeded")
    usage = (await api("GET", "/api/v1/files/usage", who.headers)).json()
    assert usage == {"used": 200 * KIB, "quota": 200 * KIB, "files": 10}
    listed = (await api("GET", path, who.headers)).json()["items"]
    assert len(listed) == 10
    assert (await api("DELETE", f"/api/v1/files/{listed[0]['id']}", who.headers)).status_code == 204
    assert (await api("GET", "/api/v1/files/usage", who.headers)).json()["used"] == 180 * KIB
    assert (await send(api, path, who.headers, content, "again.txt", "text/plain")).status_code == 201


async def test_what_a_scanner_finds_harmful_is_refused_and_not_kept(api):
    who, path = await place(api)
    command = f"{sys.executable} -I -c 'import sys; sys.exit(b\"HARM\" in sys.stdin.buffer.read())'"
    watched = api.client(application(msgspec.structs.replace(api.parts, scanner=CommandScanner(command)), api.health))
    before = len(kept(api))
    async with watched as http:
        for text, status in ((b"HARM", 415), (b"hello", 201)):
            answer = await http.post(path, headers=who.headers, files={"file": ("a.txt", text, "text/plain")})
            assert answer.status_code == status, answer.text
            assert status == 201 or problem(answer) == (415, "file_infected")
    assert len(kept(api)) == before + 1
