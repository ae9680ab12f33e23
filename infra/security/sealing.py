"""AES-256-GCM (NIST SP 800-38D) for the vault and for personal fields; HMAC-SHA-256 for names."""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.security.secret_keys import SubKeys, derive, master_keys
from infra.settings import Settings

NONCE: Final = 12
KEY: Final = 32


class Unsealable(Exception):
    """The bytes were sealed with another key, for another purpose, or were changed."""


class AesSealing:
    """The `Sealing` port. A vault entry is `key id (1) | nonce (12) | ciphertext and tag`, bound to its kind and id.

    The first master key seals; each opens what it sealed, so the master key can be replaced while the old one still opens.
    Nonces are random: far below the 2**32 messages per key that NIST allows, a person's key sealing a few dozen fields.
    """

    def __init__(self, master: Sequence[bytes], names: bytes) -> None:
        self._newest = derive(master[0], "key id")[0]
        # Two keys may share an id of one byte: then both are tried.
        self._masters = [(derive(key, "key id")[0], AESGCM(derive(key, "vault"))) for key in master]
        self._names = names

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """With the keys of this process; raises `BadSettings`."""
        return cls(master_keys(settings), SubKeys.read(settings).names)

    def hmac(self, kind: str, name: str) -> bytes:
        """What stands for a name, also for one that is not valid text."""
        return hmac.digest(self._names, kind.encode() + b"\0" + name.encode("utf-8", "surrogatepass"), "sha256")

    def seal(self, kind: str, id: UUID, secret: bytes) -> bytes:
        """A vault entry."""
        nonce = os.urandom(NONCE)
        return bytes([self._newest]) + nonce + self._masters[0][1].encrypt(nonce, secret, _bound(kind, id))

    def open(self, kind: str, id: UUID, sealed: bytes) -> bytes:
        """The content of a vault entry; raises `Unsealable`."""
        return self._opened(kind, id, sealed)[0]

    def _opened(self, kind: str, id: UUID, sealed: bytes) -> tuple[bytes, bool]:
        """The content, and whether it was sealed with the newest key."""
        for nth, (key_id, cipher) in enumerate(self._masters):
            if sealed[:1] == bytes([key_id]):
                try:
                    return cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], _bound(kind, id)), nth == 0
                except (InvalidTag, ValueError):
                    continue
        raise Unsealable(f"no master key opens this entry of kind {kind!r}")

    def renewed(self, kind: str, id: UUID, sealed: bytes) -> bytes | None:
        """A vault entry sealed with the newest key; None where it is already. Raises `Unsealable`."""
        secret, by_newest = self._opened(kind, id, sealed)
        return None if by_newest else self.seal(kind, id, secret)

    def new_key(self) -> bytes:
        """32 random bytes."""
        return os.urandom(KEY)

    def seal_personal(self, key: bytes, person_id: UUID, text: str) -> bytes:
        """A personal field as base64url (ASCII), ready to stand in an event's JSON."""
        nonce = os.urandom(NONCE)
        return urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), person_id.bytes))

    def open_personal(self, key: bytes, person_id: UUID, sealed: bytes) -> str:
        """A personal field in clear; raises `Unsealable`."""
        try:
            packed = urlsafe_b64decode(sealed)
            return AESGCM(key).decrypt(packed[:NONCE], packed[NONCE:], person_id.bytes).decode()
        except (InvalidTag, ValueError) as error:
            raise Unsealable("this is not a field of this person") from error


def _bound(kind: str, entry_id: UUID) -> bytes:
    return b"vault\0" + kind.encode() + b"\0" + entry_id.bytes
