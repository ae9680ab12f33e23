"""Bytes that no file stands for go after a day; all others stay."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid4

from domain.files.events import FileAttached, FileRemoved
from domain.identity.events import Sealed
from infra.memory.files import MemoryFiles
from infra.processes.sweeping import made_at, orphans
from tests.scenario import NOON, World

OLD, YOUNG = NOON - timedelta(days=3), NOON - timedelta(hours=23)
BEFORE = NOON - timedelta(days=30)
"""When this log began."""
NUMBERS = itertools.count(1)


def key(days_ago: float = 3) -> UUID:
    at = NOON - timedelta(days=days_ago)
    return UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | next(NUMBERS))


async def attached(world: World, file_id: UUID) -> UUID:
    about: dict[str, Any] = {"at": NOON, "file_id": file_id, "task_id": uuid4(), "uploader_id": uuid4()}
    await world.happened(file_id, FileAttached(**about, name=Sealed("sealed"), size=1, sha256="", media_type="text/plain"))
    return file_id


async def test_only_what_no_file_stands_for_goes_and_only_after_a_day():
    world, store = World(), MemoryFiles()
    kept, removed, lost, on_its_way, anothers = await attached(world, key()), await attached(world, key()), key(), key(0), key(40)
    about: dict[str, Any] = {"at": NOON, "file_id": removed, "task_id": uuid4(), "uploader_id": uuid4()}
    await world.happened(removed, FileRemoved(**about, size=1))
    store.files = dict.fromkeys((kept, removed, lost, anothers), (OLD, b"x")) | {on_its_way: (YOUNG, b"x")}
    assert {one async for one in orphans(store, world.log, BEFORE)} == {removed, lost}


def test_a_key_tells_when_it_was_made():
    assert made_at(key(3)) == NOON - timedelta(days=3)
    assert made_at(uuid4()).year == 1970
