"""Redis Streams through FastStream: no consumer groups, bodies as bytes, and a subscriber that is watched (architecture §4)."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from faststream.redis import BinaryMessageFormatV1, RedisBroker, StreamSub
from faststream.redis.message import RedisBatchStreamMessage
from redis.exceptions import RedisError

from infra.broker import chunk
from infra.broker.chunk import Chunk
from infra.cancellation import heeding

log = logging.getLogger(__name__)


async def _parse(message: Any) -> RedisBatchStreamMessage:
    """FastStream's own batch parser reads and writes every body as JSON twice; ours stay bytes."""
    return RedisBatchStreamMessage(
        raw_message=message,
        body=b"",
        message_id="",
        correlation_id="",
        headers={},
        batch_headers=[],
        consumer=None,  # type: ignore[arg-type]  # there is no consumer group to acknowledge to
        group=None,
    )


async def _decode(message: RedisBatchStreamMessage) -> list[bytes]:
    found: Any = message.raw_message["data"]
    return [bytes(BinaryMessageFormatV1.parse(fields[b"__data__"])[0]) for fields in found if b"__data__" in fields]


def broker(url: str) -> RedisBroker:
    """A broker whose reads may wait 5 s and whose other commands fail soon."""
    return RedisBroker(
        url,
        logger=None,  # type: ignore[arg-type]  # None is documented: our own logs say what matters
        apply_types=False,
        socket_timeout=8.0,
        socket_connect_timeout=2.0,
    )


class ChunkPublisher:
    """Publishes chunks; reconnects by itself."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._broker: RedisBroker | None = None

    async def publish(self, message: Chunk) -> bool:
        """Announce a chunk; False when the broker cannot be reached (consumers find the events in the log)."""
        try:
            if self._broker is None:
                fresh = broker(self._url)
                await heeding(fresh.connect())
                self._broker = fresh
            await heeding(self._broker.publish(chunk.encode(message), stream=chunk.STREAM, maxlen=chunk.MAXLEN))
        except (RedisError, OSError) as error:
            log.warning("the broker cannot be reached", extra={"error": repr(error)})
            await self.stop()
            return False
        return True

    async def stop(self) -> None:
        """Disconnect."""
        gone, self._broker = self._broker, None
        if gone is not None:
            with contextlib.suppress(RedisError, OSError):
                await gone.stop()


class ChunkSubscription:
    """Calls back with every chunk from now on; starts again whenever the subscriber stopped or the broker came back."""

    def __init__(self, url: str, receive: Callable[[Chunk], None]) -> None:
        self._url = url
        self._receive = receive
        self.connected = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._follow()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("no connection to the broker", extra={"error": repr(error)})
            self.connected = False
            await asyncio.sleep(0.5)

    async def _follow(self) -> None:
        made = broker(self._url)
        subscriber = made.subscriber(
            stream=StreamSub(chunk.STREAM, last_id="$", batch=True, max_records=50, polling_interval=5000), parser=_parse, decoder=_decode
        )
        subscriber(self._handler())
        try:
            await made.start()
            self.connected = True
            while subscriber.running and all(not task.done() for task in subscriber.tasks):  # noqa: ASYNC110 — FastStream tells nobody when one ends.
                await asyncio.sleep(0.25)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await made.stop()

    def _handler(self) -> Callable[[Sequence[bytes]], Awaitable[None]]:
        async def handle(bodies: Sequence[bytes]) -> None:
            for body in bodies:
                self._receive(chunk.decode(body))

        return handle
