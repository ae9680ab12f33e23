"""Bytes of files in an S3-compatible store: one object each, written with a single PUT of known length and hash."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import IO, Any, Final
from urllib.parse import quote
from uuid import UUID
from xml.etree import ElementTree as ET

import httpx

from application.shared.outside import BytesMissing, StoreUnavailable
from infra.outside.s3_signature import EMPTY, Credentials, signed

PIECE: Final = 262_144
PATIENCE: Final = httpx.Timeout(30, connect=5)


def _utc() -> datetime:
    return datetime.now(UTC)


class S3Draft:
    """Bytes in a file without a name on this machine until their length and hash are known."""

    def __init__(self, put: Callable[..., Any], spool: IO[bytes]) -> None:
        self._put = put
        self._spool = spool
        self._hash = hashlib.sha256()

    async def write(self, piece: bytes) -> None:
        """The next bytes."""
        self._hash.update(piece)
        await asyncio.to_thread(self._spool.write, piece)

    async def keep(self) -> None:
        """The store answers once they are durable there."""
        size = await asyncio.to_thread(self._spool.seek, 0, os.SEEK_END)
        await self._put(self.pieces(), size, self._hash.hexdigest())

    async def pieces(self) -> AsyncIterator[bytes]:
        """What was written so far."""
        await asyncio.to_thread(self._spool.seek, 0)
        while piece := await asyncio.to_thread(self._spool.read, PIECE):
            yield piece


class S3Files:
    """The `ByteStore` port. `store` is `s3://bucket` or `s3://bucket/prefix`; addresses are path-style, which every store understands."""

    def __init__(self, store: str, endpoint: str, by: Credentials, now: Callable[[], datetime] = _utc) -> None:
        bucket, _, prefix = store.removeprefix("s3://").partition("/")
        self._bucket = f"{(endpoint or f'https://s3.{by.region}.amazonaws.com').rstrip('/')}/{quote(bucket)}"
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._by = by
        self._now = now
        self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False, headers={"accept-encoding": "identity"})

    @asynccontextmanager
    async def draft(self, key: UUID) -> AsyncIterator[S3Draft]:
        """Begin to write."""

        async def put(pieces: AsyncIterator[bytes], size: int, body_hash: str) -> None:
            headers = {"content-length": str(size)}
            async with self._asked("PUT", self._address(key), headers, body_hash, pieces) as answer:
                self._must(answer, 200)

        with tempfile.TemporaryFile() as spool:
            yield S3Draft(put, spool)

    async def read(self, key: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`."""
        if start >= end:
            return
        async with self._asked("GET", self._address(key), {"range": f"bytes={start}-{end - 1}"}) as answer:
            if answer.status_code == 404:
                raise BytesMissing
            self._must(answer, 206)
            async for piece in answer.aiter_raw(PIECE):
                yield piece

    async def drop(self, key: UUID) -> None:
        """Delete them."""
        async with self._asked("DELETE", self._address(key)) as answer:
            self._must(answer, 204, 200, 404)

    async def until(self, moment: datetime) -> AsyncIterator[UUID]:
        """The keys of what is older (ListObjectsV2, a thousand at a time)."""
        following = ""
        while True:
            query = f"list-type=2&prefix={quote(self._prefix, safe='')}" + (f"&continuation-token={quote(following, safe='')}" if following else "")
            async with self._asked("GET", f"{self._bucket}?{query}") as answer:
                self._must(answer, 200)
                told = ET.fromstring(await answer.aread())  # noqa: S314 — the answer of the store that has all our files anyway.
            for one in told.iterfind("{*}Contents"):
                at = datetime.fromisoformat(one.findtext("{*}LastModified") or "")
                name = (one.findtext("{*}Key") or "").removeprefix(self._prefix)
                if at < moment and _is_key(name):
                    yield UUID(name)
            following = told.findtext("{*}NextContinuationToken") or ""
            if not following:
                return

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _address(self, key: UUID) -> str:
        return f"{self._bucket}/{quote(self._prefix)}{key.hex}"

    @asynccontextmanager
    async def _asked(
        self, method: str, url: str, headers: dict[str, str] | None = None, body_hash: str = EMPTY, body: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[httpx.Response]:
        sent = signed(method, url, headers or {}, body_hash, self._by, self._now())
        try:
            async with self._http.stream(method, url, headers=sent, content=body) as answer:
                yield answer
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"The store of files does not answer ({type(error).__name__}).") from error

    @staticmethod
    def _must(answer: httpx.Response, *statuses: int) -> None:
        if answer.status_code not in statuses:
            raise StoreUnavailable(f"The store of files answered {answer.status_code}.")


def _is_key(name: str) -> bool:
    """Whether this is an object of ours: a bucket may hold others."""
    try:
        return UUID(name).hex == name
    except ValueError:
        return False
