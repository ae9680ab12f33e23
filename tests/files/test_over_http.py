"""Files on tasks as clients see them: sent as a form, listed, read whole and in parts, taken away, and gone with who uploaded them."""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from infra.http.application import application
from infra.outside.scanner import CommandScanner
from infra.processes.sweeping import sweep
from tests.eventually import eventually
from tests.files.conftest import s3
from tests.http.daybook import Account, Api, Headers, daybook, misfits, problem
from tests.servers import Database, Servers

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
KIB = 1024


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    async with daybook(module_database, servers.empty_redis(), file_size_limit=64 * KIB, file_quota=200 * KIB) as running:
        yield running


async def place(api: Api) -> tuple[Account, str]:
    """Somebody with a task, and where its files are."""
    who = await api.account()
    return who, f"/api/v1/tasks/{(await api.task(who.headers))['id']}/files"


async def send(
    api: Api, path: str, who: Headers, content: bytes = PNG, name: str = "fan.png", kind: str = "image/png", **more: Any
) -> httpx.Response:
    return await api("POST", path, who, files={"file": (name, content, kind)}, **more)


def bytes_of(api: Api, file_id: str) -> Path | None:
    """Where the bytes of a file are; None where they are not any more."""
    return next((one for one in kept(api) if one.name == file_id.replace("-", "")), None)


def kept(api: Api) -> list[Path]:
    """Every file of the store."""
    return [path for path in api.system.settings.files_at.glob("*/*") if path.is_file()]


async def test_a_file_is_sent_listed_read_and_taken_away(api):
    who, path = await place(api)
    made = await send(api, path, who.headers)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["name"], told["size"], told["media_type"]) == ("fan.png", len(PNG), "image/png")
    assert (told["sha256"], told["uploader_id"]) == (hashlib.sha256(PNG).hexdigest(), who.id)
    address = made.headers["location"]
    plain = {name: value for name, value in told.items() if name != "position"}
    assert (await api("GET", address, who.headers)).json() == plain
    assert (await api("GET", path, who.headers)).json()["items"] == [plain]
    assert (await api("GET", f"{address}/content", who.headers)).content == PNG
    assert (await api("DELETE", address, who.headers, headers={"If-Match": '"7"'})).status_code == 412
    assert (await api("DELETE", address, who.headers)).status_code == 204
    for gone in (address, f"{address}/content"):
        assert problem(await api("GET", gone, who.headers)) == (404, "not_found")
    assert problem(await api("DELETE", address, who.headers)) == (404, "not_found")
    assert (await api("GET", path, who.headers)).json()["items"] == []

    async def gone() -> bool:
        return bytes_of(api, told["id"]) is None

    await eventually(gone, 5, "its bytes are gone")


async def test_no_browser_runs_what_is_downloaded(api):
    who, path = await place(api)
    made = await send(api, path, who.headers, b"name,size\n", 'häm"mer; ./\\plan.csv', "text/csv")
    answer = await api("GET", f"{made.headers['location']}/content", who.headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment; filename=\"plan.csv\"; filename*=UTF-8''plan.csv"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers.get_list("content-security-policy") == [answer.headers["content-security-policy"]]
    assert answer.headers["cache-control"] == "no-store"
    named = await send(api, path, who.headers, b"x", "Größe 50% “x”.txt", "text/plain")
    told = (await api("GET", f"{named.headers['location']}/content", who.headers)).headers["content-disposition"]
    assert told == "attachment; filename=\"Gr__e 50_ _x_.txt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%2050%25%20%E2%80%9Cx%E2%80%9D.txt"


async def test_parts_of_a_file_are_read_by_range(api):
    who, path = await place(api)
    address = (await send(api, path, who.headers)).headers["location"] + "/content"
    whole = await api("GET", address, who.headers)
    assert (whole.status_code, whole.headers["accept-ranges"], whole.headers["content-length"]) == (200, "bytes", str(len(PNG)))
    etag = whole.headers["etag"]
    part = await api("GET", address, who.headers, headers={"Range": "bytes=8-15"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, PNG[8:16], f"bytes 8-15/{len(PNG)}")
    assert part.headers["etag"] == etag
    after = await api("GET", address, who.headers, headers={"Range": f"bytes={len(PNG)}-"})
    assert problem(after) == (416, "range_not_satisfiable")
    assert after.headers["content-range"] == f"bytes */{len(PNG)}"
    same, other = ({"Range": "bytes=0-0", "If-Range": tag} for tag in (etag, '"another"'))
    assert (await api("GET", address, who.headers, headers=same)).status_code == 206
    assert (await api("GET", address, who.headers, headers=other)).content == PNG
    assert (await api("GET", address, who.headers, headers={"Range": "bytes=0-0, 5-6"})).content == PNG
    assert (await api("GET", address, who.headers, headers={"If-None-Match": etag, "Range": "bytes=0-0"})).status_code == 304
    head = await api("HEAD", address, who.headers)
    assert (head.status_code, head.content, head.headers["content-length"], head.headers["etag"]) == (200, b"", str(len(PNG)), etag)


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


async def test_strangers_find_no_files_and_who_only_watches_reads_them(api):
    (owner, path), stranger, watcher = await place(api), await api.account(), await api.account()
    address = (await send(api, path, owner.headers)).headers["location"]
    for method, at in (("GET", path), ("GET", address), ("GET", f"{address}/content"), ("DELETE", address)):
        assert problem(await api(method, at, stranger.headers)) == (404, "not_found")
    assert problem(await send(api, path, stranger.headers)) == (404, "not_found")
    assert (await api("POST", f"{path.removesuffix('/files')}/watchers", owner.headers, json={"user_id": watcher.id})).status_code < 300
    assert (await api("GET", f"{address}/content", watcher.headers)).content == PNG
    assert problem(await send(api, path, watcher.headers)) == (403, "forbidden")
    assert problem(await api("DELETE", address, watcher.headers)) == (403, "forbidden")


async def test_files_of_a_deleted_task_are_hidden_and_come_back_with_it(api):
    who, path = await place(api)
    address, task = (await send(api, path, who.headers)).headers["location"], path.removesuffix("/files")
    assert (await api("DELETE", task, who.headers)).status_code == 204
    for at in (path, address, f"{address}/content"):
        assert problem(await api("GET", at, who.headers)) == (404, "not_found")
    assert problem(await send(api, path, who.headers)) == (404, "not_found")
    assert (await api("POST", f"{task}/restore", who.headers)).status_code == 200
    assert (await api("GET", f"{address}/content", who.headers)).content == PNG


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


async def test_with_a_person_go_their_files_from_the_disk_too(api):
    who, path = await place(api)
    made = (await send(api, path, who.headers, name="Ada's X-ray.png")).json()
    assert (await api("DELETE", "/api/v1/users/me", who.headers)).status_code in {200, 204}
    admin = await api.admin()

    async def gone() -> bool:
        return bytes_of(api, made["id"]) is None and (await api("GET", f"/api/v1/files/{made['id']}", admin)).status_code == 404

    await eventually(gone, 10, "the file of an erased person is gone")


async def test_a_file_whose_bytes_are_missing_is_said_to_be_so_before_anything_is_sent(api):
    who, path = await place(api)
    made = await send(api, path, who.headers)
    lost = bytes_of(api, made.json()["id"])
    assert lost is not None
    lost.unlink()
    assert problem(await api("GET", f"{made.headers['location']}/content", who.headers)) == (503, "bytes_missing")
    assert (await api("HEAD", f"{made.headers['location']}/content", who.headers)).status_code == 503


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


async def test_who_exports_what_is_known_of_them_reads_the_names_of_their_files(api):
    who, path = await place(api)
    assert (await send(api, path, who.headers, name="my X-ray.png")).status_code == 201
    assert "my X-ray.png" in (await api("GET", "/api/v1/users/me/export", who.headers)).text


async def test_files_may_be_kept_in_s3_instead(api, s3_server):
    store = s3(s3_server, "s3://daybook-files/over-http")
    who, path = await place(api)
    async with api.client(application(msgspec.structs.replace(api.parts, store=store), api.health)) as http:
        made = await http.post(path, headers=who.headers, files={"file": ("fan.png", PNG, "image/png")})
        assert made.status_code == 201, made.text
        assert bytes_of(api, made.json()["id"]) is None
        address = made.headers["location"] + "/content"
        assert (await http.get(address, headers=who.headers)).content == PNG
        assert (await http.get(address, headers=who.headers | {"Range": "bytes=-8"})).content == PNG[-8:]
        await store.drop(UUID(made.json()["id"]))
        assert problem(await http.get(address, headers=who.headers)) == (503, "bytes_missing")
    await store.close()


async def test_the_sweeper_takes_what_no_file_stands_for_and_nothing_else(api):
    who, path = await place(api)
    kept_id = (await send(api, path, who.headers)).json()["id"]
    orphan = api.parts.new_id()
    async with api.parts.store.draft(orphan) as draft:
        await draft.write(b"an upload that died on its way")
        await draft.keep()
    assert await sweep(api.system) == 0
    for one in (kept_id, str(orphan)):
        where = bytes_of(api, one)
        assert where is not None
        old = where.stat().st_mtime - 2 * 86_400
        os.utime(where, (old, old))
    assert await sweep(api.system) == 1
    assert bytes_of(api, str(orphan)) is None
    assert bytes_of(api, kept_id) is not None
