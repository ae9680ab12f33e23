"""Judging an id token (OpenID Connect Core, 3.1.3.7): who signed it, for whom, when, and for which sign-in."""

import hashlib
from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import Any, Final

import msgspec
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import decode

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures only, and none with a shared secret."""
LEEWAY: Final = 30
"""Seconds that clocks may differ."""
LONGEST: Final = 16_384
_REGISTRY: Final = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


class UnknownKey(Exception):
    """The token names a key that is not in the set."""


class Unproved(Exception):
    """The token proves nothing; the text says why, for the log."""


class Wanted(msgspec.Struct, frozen=True):
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    now: int


class Identified(msgspec.Struct, frozen=True):
    """What a token says of somebody, as far as it is of use."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str | None = None
    nbf: float = 0
    azp: str | None = None
    at_hash: str | None = None
    email: str | None = None
    email_verified: bool | str = False
    name: str | None = None


def judged(token: str, keys: KeySet, wanted: Wanted) -> Identified:
    """What a token says that is authentic and meant for this sign-in; raises `UnknownKey`, `Unproved`."""
    if len(token) > LONGEST:
        raise Unproved("too long")
    try:
        known = decode(token, keys, algorithms=list(ALGORITHMS), registry=_REGISTRY)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, ValueError, TypeError) as error:
        raise Unproved(repr(error)) from error
    try:
        said = msgspec.convert(known.claims, Identified)
    except msgspec.ValidationError as error:
        raise Unproved(str(error)) from error
    wrong = _wrong(said, known.header, wanted)
    if wrong:
        raise Unproved(wrong)
    return said


def _wrong(said: Identified, header: dict[str, Any], wanted: Wanted) -> str:
    audience = [said.aud] if isinstance(said.aud, str) else said.aud
    digest = _half_of(wanted.access_token, str(header.get("alg", "")))
    rules = {
        "iss": said.iss == wanted.issuer,
        "sub": 0 < len(said.sub) <= 255,
        "aud": wanted.client_id in audience,
        "azp": said.azp == wanted.client_id if said.azp is not None else len(audience) == 1,
        "exp": wanted.now < said.exp + LEEWAY,
        "nbf": said.nbf <= wanted.now + LEEWAY,
        "iat": said.iat <= wanted.now + LEEWAY,
        "nonce": compare_digest((said.nonce or "").encode(), wanted.nonce.encode()),
        "at_hash": said.at_hash is None or compare_digest(said.at_hash.encode(), digest.encode()),
    }
    return ", ".join(name for name, fits in rules.items() if not fits)


def _half_of(access_token: str, algorithm: str) -> str:
    """The left half of the access token's hash, with the hash of the signature (3.1.3.6)."""
    whole = hashlib.new(f"sha{algorithm[-3:]}", access_token.encode()).digest()
    return urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()
