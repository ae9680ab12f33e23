"""What every store of bytes promises, whichever it is."""

import os
import stat
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from application.shared.outside import BytesMissing, StoreUnavailable
from infra.outside.local_files import LocalFiles
from tests.files.conftest import s3

LONG_AGO = timedelta(days=2)
CONTENT = os.urandom(600_000)


async def kept(store: Any, content: bytes = CONTENT) -> Any:
    key = uuid4()
    async with store.draft(key) as draft:
        for place in range(0, len(content), 70_000):
            await draft.write(content[place : place + 70_000])
        await draft.keep()
    return key


async def read(store: Any, key: Any, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in store.read(key, start, end)])


async def keys(store: Any, age: timedelta) -> set[Any]:
    return {key async for key in store.until(datetime.now(UTC) - age)}


async def test_what_was_kept_is_read_as_a_whole_and_in_parts(store):
    key = await kept(store, CONTENT[:100_000])
    for start, end in ((0, 100_000), (0, 1), (99_999, 100_000), (40_000, 80_001), (7, 7)):
        assert await read(store, key, start, end) == CONTENT[start:end]


async def test_nothing_is_there_before_it_is_kept_and_nothing_stays_of_what_was_not(store):
    key = uuid4()
    async with store.draft(key) as draft:
        await draft.write(CONTENT)
        with pytest.raises(BytesMissing):
            await read(store, key, 0, 1)
    with pytest.raises(BytesMissing):
        await read(store, key, 0, 1)
    assert await keys(store, -LONG_AGO) == set()


async def test_a_draft_can_be_read_before_it_is_kept_as_often_as_one_likes(store):
    key = uuid4()
    async with store.draft(key) as draft:
        await draft.write(CONTENT[:70_000])
        for _ in range(2):
            assert b"".join([piece async for piece in draft.pieces()]) == CONTENT[:70_000]
        await draft.write(CONTENT[70_000:80_000])
        await draft.keep()
    assert await read(store, key, 0, 80_000) == CONTENT[:80_000]


async def test_nothing_is_a_file_too(store):
    key = await kept(store, b"")
    assert await read(store, key, 0, 0) == b""
    assert await keys(store, -LONG_AGO) == {key}


async def test_what_is_dropped_is_gone_and_dropping_it_again_is_nothing(store):
    key, other = await kept(store, b"one"), await kept(store, b"two")
    await store.drop(key)
    await store.drop(key)
    with pytest.raises(BytesMissing):
        await read(store, key, 0, 3)
    assert await read(store, other, 0, 3) == b"two"


async def test_only_what_is_older_is_listed(store):
    made = {await kept(store, b"one"), await kept(store, b"two")}
    assert await keys(store, LONG_AGO) == set()
    assert await keys(store, -LONG_AGO) == made


@pytest.mark.parametrize("store", ["local", pytest.param("s3", marks=pytest.mark.server)], indirect=True)
async def test_large_content_comes_through_in_pieces(store):
    key = await kept(store)
    pieces = [piece async for piece in store.read(key, 0, len(CONTENT))]
    assert b"".join(pieces) == CONTENT
    assert 1 < len(pieces) < 100


async def test_on_a_disk_only_the_owner_may_read_and_old_drafts_are_swept(tmp_path):
    store = LocalFiles(tmp_path / "files")
    key = await kept(store)
    place = tmp_path / "files" / key.hex[-2:] / key.hex
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    draft = tmp_path / "files" / "drafts" / uuid4().hex
    draft.write_bytes(b"half")
    assert await keys(store, LONG_AGO) == set()
    assert draft.exists()
    old = (datetime.now(UTC) - 2 * LONG_AGO).timestamp()
    os.utime(draft, (old, old))
    assert await keys(store, LONG_AGO) == set()
    assert not draft.exists()


async def test_a_disk_that_does_not_take_files_is_said_to_be_away(tmp_path):
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        await kept(LocalFiles(tmp_path / "files"))


@pytest.mark.server
async def test_the_server_refuses_a_wrong_signature(s3_server):
    store = s3(s3_server, "s3://daybook-files/wrong", secret_key="not the secret")
    with pytest.raises(StoreUnavailable, match="403"):
        await kept(store, b"one")
    await store.close()


@pytest.mark.server
async def test_other_objects_in_the_bucket_are_left_alone(s3_server):
    store, above = s3(s3_server, "s3://daybook-files/shared/deep"), s3(s3_server, "s3://daybook-files/shared")
    mine, other = await kept(store, b"one"), await kept(above, b"two")
    assert await keys(store, -LONG_AGO) == {mine}
    assert await keys(above, -LONG_AGO) == {other}
    await store.close()
    await above.close()


@pytest.mark.server
async def test_a_store_that_is_away_is_said_to_be_away(s3_server):
    store = s3(s3_server | {"endpoint": "http://127.0.0.1:1"}, "s3://daybook-files")
    for wish in (kept(store, b"one"), read(store, uuid4(), 0, 1), store.drop(uuid4()), keys(store, LONG_AGO)):
        with pytest.raises(StoreUnavailable):
            await wish
    await store.close()
