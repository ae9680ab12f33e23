"""The server's two secrets, read from settings, and the keys derived from them (HKDF-SHA-256, RFC 5869): one key, one purpose."""

from base64 import b64decode
from binascii import Error
from itertools import pairwise
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.settings import BadSettings, Settings

SIZE: Final = 32


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose; another purpose gives an unrelated key."""
    return HKDF(algorithm=SHA256(), length=SIZE, salt=None, info=b"daybook/" + purpose.encode()).derive(secret)


def read_key(name: str, text: str) -> bytes:
    """32 bytes behind base64 (either alphabet); raises `BadSettings` naming the setting, never its value."""
    try:
        key = b64decode(text.strip().replace("-", "+").replace("_", "/") + "==", validate=False)
    except (Error, ValueError):
        key = b""
    if len(key) != SIZE or len(set(key)) < SIZE // 4:
        raise BadSettings(f"{name} must be 32 random bytes in base64")
    return key


def weak_keys(settings: Settings) -> list[str]:
    """What is wrong with keys that no random generator made: samples, words, one key for both purposes."""
    keys = {"SECRET_KEY": [read_key("SECRET_KEY", settings.secret_key)], "MASTER_KEY": master_keys(settings)}
    found = [f"{name} is not random: make one with `openssl rand -base64 32`" for name, several in keys.items() if any(map(_is_made_up, several))]
    shared = set(keys["SECRET_KEY"]) & set(keys["MASTER_KEY"])
    return [*found, "SECRET_KEY and MASTER_KEY are the same: each needs one of its own"] if shared else found


def _is_made_up(key: bytes) -> bool:
    """Whether random bytes look like this less than once in 10**9 keys: text, few different bytes, bytes at the same distance."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return all(32 <= byte < 127 for byte in key) or min(len(set(key)), len(steps)) < SIZE // 2


class SubKeys(msgspec.Struct, frozen=True):
    """What `SECRET_KEY` is used for. Changing it signs everybody out and forgets idempotency keys, names and passwords."""

    names: bytes
    pepper: bytes
    cursors: bytes
    idempotency: bytes

    @classmethod
    def of(cls, secret_key: bytes) -> Self:
        """All keys derived from one secret."""
        return cls(*(derive(secret_key, purpose) for purpose in cls.__struct_fields__))

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """Those of this process; raises `BadSettings`."""
        return cls.of(read_key("SECRET_KEY", settings.secret_key))


def master_keys(settings: Settings) -> list[bytes]:
    """Keys that seal the vault: the first seals, all open, so that a new one can be put in front (commas between them)."""
    return [read_key("MASTER_KEY", one) for one in settings.master_key.split(",")]
