"""Tokens in links that are sent by mail: `<whose>.<request>.<MAC>`.

Nothing of them is kept: the request is a fact of the account, the MAC follows from it and the server's secret (HMAC-SHA-256), so
whoever composes the mail can make the token again, and who reads the database cannot.
"""

from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import Final, Self
from uuid import UUID

import msgspec

from application.shared.ports import Sealing

LONGEST: Final = 160


class LinkToken(msgspec.Struct, frozen=True):
    """What a link is for (`purpose`), whose it is, and the request it answers."""

    purpose: str
    user_id: UUID
    request_id: UUID

    def text(self, sealing: Sealing) -> str:
        """What stands in the link: 32 bytes of MAC, which nobody guesses."""
        mac = sealing.hmac(f"link:{self.purpose}", f"{self.user_id}.{self.request_id}")
        return f"{self.user_id.hex}.{self.request_id.hex}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    @classmethod
    def parse(cls, purpose: str, text: str, sealing: Sealing) -> Self | None:
        """The token behind a text; None for everything this server did not write for this purpose."""
        whose, _, rest = text.partition(".")
        request, _, _ = rest.partition(".")
        try:
            token = cls(purpose, UUID(whose), UUID(request))
        except ValueError:
            return None
        fits = compare_digest(token.text(sealing).encode(), text.encode("utf-8", "surrogatepass"))
        return token if fits else None
