"""What is wrong with settings that each have the right type."""

import base64
import re
from collections.abc import Mapping
from typing import Final

from api.shared.limits import policies
from domain.shared.money import CURRENCIES
from infra.addresses import networks
from infra.settings.words import BadSettings, duration

DURATIONS: Final = (
    "jwt_expires_in",
    "jwt_refresh_expiration",
    "session_idle_timeout",
    "step_up_max_age",
    "notification_retention",
    "reservation_ttl",
    "order_deadline",
    "payment_lapse",
)
HTTP_PROVIDER: Final = ("payment_provider_url", "payment_provider_key", "payment_webhook_secret")
S3: Final = ("s3_access_key", "s3_secret_key")


def wrong_values(found: Mapping[str, str]) -> list[str]:
    """A line for each setting whose value cannot be meant."""
    problems = []
    for name in ("broker_url", "redis_url"):
        if found.get(name) and not found[name].startswith(("redis://", "rediss://", "unix://")):
            scheme = found[name].partition("://")[0]
            problems.append(f"{name.upper()} has the unknown scheme {scheme!r}: use redis:// or rediss://")
    for name in DURATIONS:
        if name in found and (name, found[name]) != ("session_idle_timeout", "0"):
            try:
                duration(found[name])
            except BadSettings as error:
                problems.append(f"{name.upper()}: {error}")
    for name, read in (("rate_limits", policies), ("trusted_proxies", networks)):
        try:
            read(found.get(name, ""))
        except ValueError as error:
            problems.append(f"{name.upper()}: {error}")
    return problems + _wrong_mail(found) + _wrong_store(found) + _wrong_provider(found) + _wrong_shop(found)


def _wrong_mail(found: Mapping[str, str]) -> list[str]:
    problems = [
        f"{name.upper()} must be starttls, tls or none"
        for name in ("smtp_security", "smtp_fallback_security")
        if found.get(name, "none") not in {"starttls", "tls", "none"}
    ]
    if not re.fullmatch(r"([^\r\n<>]*<)?[^\s<>@,]+@[^\s<>@,]+>?", found.get("email_from", "a@b")):
        problems.append("EMAIL_FROM must be an address, or a name and an address: Daybook <daybook@example.org>")
    if found.get("smtp_fallback_host") and not found.get("smtp_host"):
        problems.append("SMTP_FALLBACK_HOST is the second server: set SMTP_HOST too")
    return problems


def _wrong_provider(found: Mapping[str, str]) -> list[str]:
    provider = found.get("payment_provider", "simulator")
    if provider not in {"simulator", "http"}:
        return ["PAYMENT_PROVIDER must be simulator or http"]
    if provider == "simulator":
        return []
    missing = [f"{name.upper()} is missing: PAYMENT_PROVIDER=http needs it" for name in HTTP_PROVIDER if not found.get(name)]
    address = found.get("payment_provider_url", "")
    if address and not re.fullmatch(r"https?://[^\s@?#]+", address):
        missing.append("PAYMENT_PROVIDER_URL must be an address like https://provider.example/v1, without a password in it")
    return missing


def _wrong_shop(found: Mapping[str, str]) -> list[str]:
    known = found.get("shop_currency", "USD") in CURRENCIES
    signed = all(map(_is_secret, found.get("payment_webhook_secret", "").split()))
    return ([] if known else ["SHOP_CURRENCY must be the ISO 4217 code of a currency"]) + (
        [] if signed else ["PAYMENT_WEBHOOK_SECRET must be whsec_ and at least 24 random bytes in base64"]
    )


def _is_secret(text: str) -> bool:
    try:
        return text.startswith("whsec_") and len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) >= 24
    except ValueError:
        return False


def _wrong_store(found: Mapping[str, str]) -> list[str]:
    store = found.get("file_store", "")
    if not store:
        return []
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]*)?", store):
        return ["FILE_STORE must be s3://bucket or s3://bucket/prefix, or empty for a folder of this machine"]
    return [f"{name.upper()} is missing: FILE_STORE needs it" for name in S3 if not found.get(name)]
