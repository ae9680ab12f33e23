"""API keys as their owners are shown them, once: `dbk_<key id>_<43 random characters>`."""

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import Final, Self
from uuid import UUID

import msgspec

from domain.identity.errors import InvalidToken

WORD: Final = "dbk_"
"""How every key begins, so that scanners for leaked secrets know one."""
SHAPE: Final = re.compile(r"dbk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


class KeyText(msgspec.Struct, frozen=True):
    """A key's id and its secret."""

    key_id: UUID
    secret: str

    @classmethod
    def made(cls, key_id: UUID, random: bytes) -> Self:
        """A key of 32 random bytes."""
        return cls(key_id, urlsafe_b64encode(random).rstrip(b"=").decode())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key behind a text; raises `InvalidToken` for what is none."""
        found = SHAPE.fullmatch(text)
        if found is None:
            raise InvalidToken
        return cls(UUID(found[1]), found[2])

    @property
    def text(self) -> str:
        """What its owner is shown."""
        return f"{prefix_of(self.key_id)}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """What the vault keeps: SHA-256, as nobody guesses 256 random bits."""
        return hashlib.sha256(self.text.encode()).digest()


def prefix_of(key_id: UUID) -> str:
    """The part of a key that is no secret."""
    return f"{WORD}{key_id.hex}"
