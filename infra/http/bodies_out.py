"""What becomes of a body on its way out: packed where that saves time, left out for HEAD."""

import zlib
from typing import Any, Final

from litestar.types import Send

WORTH: Final = 1024
"""Bytes below which packing costs more than it saves."""
LEVEL: Final = 3
GZIP: Final = 31
"""zlib's number for a gzip header around a window of 32 KiB."""
TEXT: Final = (b"application/json", b"application/problem+json", b"application/javascript", b"text/")


def packed(send: Send) -> Send:
    """Packs answers of 1 KiB and more that are text (RFC 1952); not those with a strong ETag, which names exactly these bytes."""
    packer: Any = None

    async def pass_on(message: Any) -> None:
        nonlocal packer
        if message["type"] == "http.response.start":
            if _is_worth_it(message["status"], dict(message["headers"])):
                packer = zlib.compressobj(LEVEL, wbits=GZIP)
                kept = [pair for pair in message["headers"] if pair[0] != b"content-length"]
                message["headers"] = [*kept, (b"content-encoding", b"gzip")]
        elif packer is not None:
            last = not message.get("more_body", False)
            body = packer.compress(message.get("body", b""))
            # A part of a stream is sent on at once: whoever reads along must not wait for the next one.
            message["body"] = body + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        await send(message)

    return pass_on


def _is_worth_it(status: int, headers: dict[bytes, bytes]) -> bool:
    size = headers.get(b"content-length")
    return (
        status not in {204, 304}
        and (size is None or int(size) >= WORTH)
        and headers.get(b"content-type", b"").startswith(TEXT)
        and not headers[b"content-type"].startswith(b"text/event-stream")  # Many small parts, each for many.
        and headers.get(b"etag", b"W/").startswith(b"W/")
        and b"content-encoding" not in headers
    )


def without_body(send: Send) -> Send:
    """The headers of a GET and nothing after them (RFC 9110, 9.3.2)."""

    async def pass_on(message: Any) -> None:
        if message["type"] == "http.response.body":
            if message.get("more_body", False):
                return
            message["body"] = b""
        await send(message)

    return pass_on
