"""Files on tasks as clients see them: listed, read whole and in parts, taken away, and gone with who uploaded them."""

import hashlib
import os
from uuid import UUID

import msgspec

from infra.http.application import application
from infra.processes.sweeping import sweep
from tests.eventually import eventually
from tests.files.conftest import s3
from tests.files.http import PNG, bytes_of, place, send
from tests.http.daybook import problem


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
    assert (await api("HEAD", address, who.headers, headers={"Range": "bytes=8-15"})).status_code == 200, "only GET has parts"


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
