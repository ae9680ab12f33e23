"""Streams that stand beside another one: their ids follow from its id, and stay as close to it in the index."""

from uuid import UUID
from zlib import crc32


def beside(id: UUID, word: str) -> UUID:
    """The id of the stream of this kind beside another: the same random bits, turned by the word.

    A UUIDv7 keeps its time and counter (RFC 9562), which no two ids share, so what stands beside two of them differs.
    """
    return UUID(int=id.int ^ crc32(word.encode()))
