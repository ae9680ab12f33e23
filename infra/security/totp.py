"""One-time codes by time (TOTP, RFC 6238): SHA-1, six digits, steps of 30 s, as every authenticator knows them."""

from base64 import b32encode
from datetime import datetime
from hmac import compare_digest
from typing import Final

import pyotp
import segno

DIGITS: Final = 6
INTERVAL: Final = 30
WINDOW: Final = (0, -1, 1)
"""Steps beside the present one that are accepted, for clocks that differ (RFC 6238, 5.2)."""


class PyotpCodes:
    """The `OneTimeCodes` port."""

    def secret(self, seed: bytes) -> str:
        """The seed in base32, as people type it."""
        return b32encode(seed).decode().rstrip("=")

    def uri(self, seed: bytes, account: str) -> str:
        """What an authenticator reads (`otpauth://`)."""
        return self._of(seed).provisioning_uri(name=account, issuer_name="Daybook")

    def picture(self, uri: str) -> str:
        """The QR code of it as SVG."""
        return str(segno.make(uri, error="m", micro=False).svg_inline(scale=4))

    def step_of(self, seed: bytes, code: str, now: datetime) -> int | None:
        """The step that a code is of, if that is the present one or one beside it."""
        codes, present, shown = self._of(seed), int(now.timestamp()) // INTERVAL, code.encode("utf-8", "surrogatepass")
        steps = [present + offset for offset in WINDOW if compare_digest(codes.generate_otp(present + offset).encode(), shown)]
        return steps[0] if steps else None

    def _of(self, seed: bytes) -> pyotp.TOTP:
        return pyotp.TOTP(self.secret(seed), digits=DIGITS, interval=INTERVAL)
