"""AWS Signature Version 4 in the Authorization header, as S3 wants it: paths are signed as they are sent, the body by its hash.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html; the examples there are our test.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

EMPTY: Final = hashlib.sha256(b"").hexdigest()
"""The hash of no body."""


class Credentials(msgspec.Struct, frozen=True):
    """Who signs, and where that counts."""

    access_key: str
    secret_key: str
    region: str


def signed(method: str, url: str, headers: Mapping[str, str], body_hash: str, by: Credentials, now: datetime) -> dict[str, str]:
    """The headers to send: those given, with the date, the hash of the body and the signature. `headers` are all signed, with the host."""
    parts, at = urlsplit(url), f"{now:%Y%m%dT%H%M%SZ}"
    given = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    sent = given | {"host": parts.netloc, "x-amz-date": at, "x-amz-content-sha256": body_hash}
    names = ";".join(sorted(sent))
    lines = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
    request = "\n".join((method, parts.path or "/", _query(parts.query), lines, names, body_hash))
    scope = f"{now:%Y%m%d}/{by.region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", at, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = b"AWS4" + by.secret_key.encode()
    for word in (*scope.split("/"), text):
        key = hmac.digest(key, word.encode(), "sha256")
    return sent | {"authorization": f"AWS4-HMAC-SHA256 Credential={by.access_key}/{scope},SignedHeaders={names},Signature={key.hex()}"}


def _query(text: str) -> str:
    pairs = parse_qsl(text, keep_blank_values=True)
    return "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs))
