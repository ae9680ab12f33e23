"""What a browser on its way through an outside provider's page is about: sealed into `state`, so that only this server reads and writes it.

It is bound to one browser by a word in its cookie, and to one use by the provider's code, which counts once.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final, Self
from uuid import UUID

import msgspec

from application.identity.outside_identity import Journey
from application.shared.ports import Sealing
from domain.identity.errors import SignInNotBegun

PATIENCE: Final = timedelta(minutes=10)
"""How long a person may take at the provider."""
KIND: Final = "errand"
LONGEST: Final = 2048
MAC: Final = 32
ID: Final = 16


class Errand(msgspec.Struct, frozen=True):
    """`account` and `session` name whom an identity is to be linked with; without them it is a sign-in."""

    provider: str
    browser: bytes
    """An HMAC of the browser's word."""
    nonce: str
    verifier: str
    expires_at: datetime
    account: UUID | None = None
    session: UUID | None = None

    @classmethod
    def begin(cls, provider: str, browser: str, sealing: Sealing, now: datetime, *, account: UUID | None = None, session: UUID | None = None) -> Self:
        """A new one with fresh words."""
        nonce, verifier = (_text(sealing.new_key()) for _ in range(2))
        return cls(provider, sealing.hmac(KIND, browser), nonce, verifier, now + PATIENCE, account, session)

    def state(self, sealing: Sealing, new_id: Callable[[], UUID]) -> str:
        """What travels through the browser and the provider."""
        errand_id = new_id()
        body = errand_id.bytes + sealing.seal(KIND, errand_id, msgspec.msgpack.encode(self))
        return _text(sealing.hmac(KIND, body.hex()) + body)

    @classmethod
    def parse(cls, state: str, provider: str, browser: str, sealing: Sealing, now: datetime) -> Self:
        """The errand behind a state; raises `SignInNotBegun` for one of another browser or provider, for an old one, and for none of ours."""
        try:
            packed = urlsafe_b64decode(state[:LONGEST].encode("ascii") + b"==")
        except (ValueError, Error) as error:
            raise SignInNotBegun from error
        mac, body = packed[:MAC], packed[MAC:]
        if not compare_digest(mac, sealing.hmac(KIND, body.hex())):
            raise SignInNotBegun
        try:
            errand = msgspec.msgpack.decode(sealing.open(KIND, UUID(bytes=body[:ID]), body[ID:]), type=cls)
        except msgspec.ValidationError as error:  # of an older release
            raise SignInNotBegun from error
        fits = errand.provider == provider and compare_digest(errand.browser, sealing.hmac(KIND, browser))
        if not fits or now >= errand.expires_at:
            raise SignInNotBegun
        return errand

    def journey(self, state: str, redirect_uri: str) -> Journey:
        """The words that both ends of the way need."""
        return Journey(state, self.nonce, self.verifier, redirect_uri)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
