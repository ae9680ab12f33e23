"""Idempotency keys: what is stored of them, and how the answers kept under them are sealed (mechanisms A10)."""

import hmac
import os
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE: Final = 12


class HttpKey:
    """A client's key within its scope (caller, method, route). The log keeps an HMAC of it, so that somebody who reads the
    table can neither use the key nor, as its answers are sealed with a key derived from it, read what was answered.
    """

    lasting: Final = False

    def __init__(self, secret: bytes, scope: str, key: str, *, method: str, path: str, body: bytes) -> None:
        self._secret = secret
        self._bound = scope.encode() + b"\0" + key.encode("utf-8", "surrogatepass")
        self.id = hmac.digest(secret, b"id\0" + self._bound, "sha256")
        # With the secret, too: who reads the table must not be able to try passwords, or names, on a request that held one.
        request = b"\0".join((b"request", method.encode(), path.encode("utf-8", "surrogatepass"), body))
        self.fingerprint = hmac.digest(secret, request, "sha256")

    def seal(self, body: bytes) -> bytes:
        """The answer as it is stored."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher().encrypt(nonce, body, self.fingerprint)

    def open(self, sealed: bytes) -> bytes:
        """A stored answer; raises cryptography's `InvalidTag` for the answer to another key or request."""
        return self._cipher().decrypt(sealed[:NONCE], sealed[NONCE:], self.fingerprint)

    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self._secret, b"seal\0" + self._bound, "sha256"))


class DerivedKey:
    """The key of a reaction or of the clock: an id that follows from its cause, kept for ever, with no answer to hide."""

    lasting: Final = True
    fingerprint: Final = b""

    def __init__(self, command_id: UUID) -> None:
        self.id = command_id.bytes

    def seal(self, body: bytes) -> bytes:
        """The answer itself."""
        return body

    def open(self, sealed: bytes) -> bytes:
        """The answer itself."""
        return sealed
