"""Standard Webhooks by their own library; several secrets while they change, and every malformed header is a wrong signature."""

import re
from collections.abc import Mapping
from typing import Final, Self

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from application.payments.webhook import WrongSignature
from infra.settings import Settings

HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
MOST: Final = 20
"""Signatures that are looked at, and characters of a header: nobody is made to count."""
LONGEST: Final = 4_096
SECONDS: Final = re.compile(r"[0-9]{1,12}")


class WebhookSignatures:
    """What is signed with one of these secrets."""

    def __init__(self, *secrets: str) -> None:
        self._known = [Webhook(secret) for secret in secrets]

    @classmethod
    def read(cls, settings: Settings) -> Self | None:
        """Those of the payment provider; None where there is no secret."""
        secrets = settings.payment_webhook_secret.split()
        return cls(*secrets) if secrets else None

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises `WrongSignature`."""
        shown = {name: headers.get(name, "") for name in HEADERS}
        if not all(0 < len(text) <= LONGEST for text in shown.values()) or not SECONDS.fullmatch(shown["webhook-timestamp"]):
            raise WrongSignature
        # The library gives up at the first signature that is no signature, though another one may be right.
        shown["webhook-signature"] = " ".join(
            one for one in shown["webhook-signature"].split()[:MOST] if one.startswith("v1,") and one.count(",") == 1
        )
        if not any(self._is_signed(one, shown, body) for one in self._known):
            raise WrongSignature

    @staticmethod
    def _is_signed(webhook: Webhook, headers: dict[str, str], body: bytes) -> bool:
        try:
            webhook.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            return False
        return True
