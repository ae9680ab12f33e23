"""Refresh tokens: `<session id>.<random>`, opaque to clients.

The random part ends in a MAC of the server, so a spent token is known for ever without a list of spent tokens, and a guess
can never end somebody's session. A successor is *derived* from the token it replaces: a lost answer can be given again
word for word, although the server keeps nothing but SHA-256 hashes.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hmac import compare_digest
from typing import Final, Self
from uuid import UUID

import msgspec

from application.shared.ports import Sealing
from domain.identity.errors import InvalidToken

RANDOM: Final = 32
GENERATION: Final = 4
MAC: Final = 16
DIGEST: Final = 32


class RefreshToken(msgspec.Struct, frozen=True):
    """One token of a session's chain; `generation` counts from 1."""

    session_id: UUID
    generation: int
    random: bytes

    @classmethod
    def parse(cls, text: str, sealing: Sealing) -> Self:
        """The token behind its text; raises `InvalidToken` for anything this server did not issue."""
        try:
            session, _, rest = text.partition(".")
            packed = urlsafe_b64decode(rest.encode("ascii"))
            token = cls(UUID(session), int.from_bytes(packed[:GENERATION]), packed[GENERATION : GENERATION + RANDOM])
        except (ValueError, Error) as error:
            raise InvalidToken from error
        if not compare_digest(text.encode(), token.text(sealing).encode()):
            raise InvalidToken
        return token

    def text(self, sealing: Sealing) -> str:
        """What the client is given."""
        body = self.generation.to_bytes(GENERATION) + self.random
        mac = sealing.hmac("refresh token", f"{self.session_id}.{body.hex()}")[:MAC]
        return f"{self.session_id}.{urlsafe_b64encode(body + mac).decode()}"

    def successor(self, sealing: Sealing) -> Self:
        """The token that replaces this one: always the same, and known to nobody without this one and the server's key."""
        random = sealing.hmac("refresh successor", f"{self.session_id}.{self.generation}.{self.random.hex()}")
        return msgspec.structs.replace(self, generation=self.generation + 1, random=random[:RANDOM])

    @property
    def digest(self) -> bytes:
        """What the vault keeps of it."""
        return hashlib.sha256(self.session_id.bytes + self.generation.to_bytes(GENERATION) + self.random).digest()

    def is_among(self, digests: bytes) -> bool:
        """Whether its digest is one of those in the vault (the newest token's, then that of the one before)."""
        return any(compare_digest(self.digest, digests[at : at + DIGEST]) for at in range(0, len(digests), DIGEST))
