"""Tokens as attackers make them: our key or theirs, any header, any claims."""

import base64
import hmac
import json
from datetime import UTC, datetime
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from infra.security.key_ring import KeyRing
from infra.security.signing_keys import read_signing_keys
from infra.security.tokens import RsaTokens

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
USER, SESSION = uuid4(), uuid4()


def pem(key) -> str:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


OURS, NEXT, THEIRS = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3))
PUBLIC = OURS.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
KEYS = read_signing_keys(pem(OURS))
KID = KEYS[0].kid


def tokens(*keys) -> RsaTokens:
    return RsaTokens(KeyRing(read_signing_keys("\n".join(map(pem, keys or (OURS,))))), issuer="daybook", audience="api", lifetime=600)


def claims(**changed) -> dict:
    at = int(NOON.timestamp())
    whole = {"iss": "daybook", "aud": "api", "sub": str(USER), "sid": str(SESSION), "jti": str(uuid4()), "role": "user"}
    return {name: value for name, value in (whole | {"iat": at, "nbf": at, "exp": at + 600} | changed).items() if value is not ...}


def forge(body: dict | None = None, key=OURS, drop: str = "", **header) -> str:
    """A token with our key and any header."""
    head = {name: value for name, value in ({"alg": "RS256", "typ": "at+jwt", "kid": KID} | header).items() if name != drop}
    signed = f"{part(head)}.{part(claims() if body is None else body)}"
    return f"{signed}.{b64(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def part(value: object) -> str:
    return b64(json.dumps(value).encode())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def symmetric(secret: bytes, algorithm: str = "HS256", **header) -> str:
    signed = f"{part({'alg': algorithm, 'typ': 'at+jwt', 'kid': KID} | header)}.{part(claims())}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def unsigned(algorithm: str) -> str:
    return f"{part({'alg': algorithm, 'typ': 'at+jwt', 'kid': KID})}.{part(claims())}."


THEIR_JWK = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(THEIRS.public_key()))
PSS = "PS256"


def signed_pss() -> str:
    signed = f"{part({'alg': PSS, 'typ': 'at+jwt', 'kid': KID})}.{part(claims())}"
    return f"{signed}.{b64(OURS.sign(signed.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256()))}"


ATTACKS = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg nOnE": unsigned("nOnE"),
    "no signature": ".".join(forge().split(".")[:2]) + ".",
    "two parts": ".".join(forge().split(".")[:2]),
    "four parts": forge() + ".x",
    "HS256 with the public key": symmetric(PUBLIC),
    "HS256 with the public key, trimmed": symmetric(PUBLIC.strip()),
    "HS256 with nothing": symmetric(b""),
    "alg RS256 over an HMAC": symmetric(PUBLIC, "RS256"),
    "RS512": forge(alg="RS512"),
    "PS256": signed_pss(),
    "another key under our kid": forge(key=THEIRS),
    "embedded jwk": forge(key=THEIRS, jwk=THEIR_JWK),
    "embedded jwk, our signature": forge(jwk=THEIR_JWK),
    "jku": forge(key=THEIRS, jku="http://127.0.0.1:9/keys"),
    "jku, our signature": forge(jku="http://127.0.0.1:9/keys"),
    "x5u": forge(x5u="http://127.0.0.1:9/cert"),
    "x5c": forge(x5c=["MII="]),
    "unknown crit": forge(crit=["exp"]),
    "empty crit": forge(crit=[]),
    "b64 false": forge(crit=["b64"], b64=False),
    "no kid": forge(drop="kid"),
    "no typ": forge(drop="typ"),
    "no alg": forge(drop="alg"),
    "kid is a path": forge(kid="../../../dev/null"),
    "kid is SQL": forge(kid="' or 1=1 --"),
    "kid is a number": forge(kid=0),
    "kid is a list": forge(kid=[KID]),
    "unknown kid": forge(kid="0"),
    "typ JWT": forge(typ="JWT"),
    "typ of an id token": forge(typ="id+jwt"),
    "other issuer": forge(claims(iss="daybook2")),
    "no issuer": forge(claims(iss=...)),
    "other audience": forge(claims(aud="web")),
    "list of audiences": forge(claims(aud=["api", "web"])),
    "no audience": forge(claims(aud=...)),
    "no subject": forge(claims(sub=...)),
    "subject is no id": forge(claims(sub="admin")),
    "no session": forge(claims(sid=...)),
    "no expiry": forge(claims(exp=...)),
    "expiry is text": forge(claims(exp="9999999999")),
    "expiry is no number": forge(claims(exp=1e400)),
    "never": forge(claims(exp=None)),
    "expired": forge(claims(exp=int(NOON.timestamp()) - 31)),
    "not yet valid": forge(claims(nbf=int(NOON.timestamp()) + 31)),
    "issued in the future": forge(claims(iat=int(NOON.timestamp()) + 31)),
    "claims are a list": forge([]),
    "nested": forge({"token": forge()}),
    "a refresh token": f"{SESSION}.AAAAAYr0bmV2ZXIgYSB0b2tlbiBvZiBvdXJz",
    "empty": "",
    "dots": "..",
    "garbage": "garbage",
    "not ASCII": "é.ü.ö",
    "lone surrogate": "\ud800.\ud800.\ud800",
    "NUL": "\0",
    "a megabyte": forge(claims(role="x" * 1_000_000)),
    "bearer twice": f"Bearer {forge()}",
}
