"""Bytes in the store that no file stands for (an upload that died on its way, a file that was taken away while the store was) go after a day."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from application.shared.outside import ByteStore, StoreUnavailable
from application.shared.ports import Log
from domain.files.stored_file import StoredFile
from infra.app import System

log = logging.getLogger(__name__)
AGE: Final = timedelta(days=1)
"""No upload takes that long: what is younger may still become a file."""
EVERY: Final = 3600.0
"""Seconds between two looks."""


async def orphans(store: ByteStore, events: Log, since: datetime) -> AsyncIterator[UUID]:
    """The keys of bytes that no file stands for, by the log itself.

    Keys are UUIDv7. Those made before `since`, the beginning of this log, are another system's: a wrong address must cost nobody their files.
    """
    async for key in store.until(events.now() - AGE):
        if made_at(key) >= since and not (await events.load(StoredFile, key))[0].is_there:
            yield key


async def sweep(parts: System) -> int:
    """Delete them; how many there were. Raises `StoreUnavailable`."""
    count = 0
    async for key in orphans(parts.store, parts.log, await beginning(parts)):
        await parts.store.drop(key)
        count += 1
    return count


async def beginning(parts: System) -> datetime:
    """When the first event of this log was recorded; now, where there is none."""
    first = await parts.reader.after(0, 1)
    return first[0].recorded_at if first else parts.log.now()


def made_at(key: UUID) -> datetime:
    """When a UUIDv7 was made (RFC 9562, 5.7); long ago for any other."""
    return datetime.fromtimestamp((key.int >> 80) / 1000 if key.version == 7 else 0, UTC)


async def sweeping(parts: System) -> None:
    """Again and again until cancelled; two at the same time do no harm."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            count = await sweep(parts)
        except (StoreUnavailable, psycopg.Error, PoolTimeout, OSError) as error:
            log.warning("files were not swept", extra={"error": repr(error)})
        else:
            log.info("files were swept", extra={"dropped": count})
