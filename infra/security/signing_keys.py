"""RSA keys from PEM text, named by their thumbprints (RFC 7638)."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from infra.settings import BadSettings

ALGORITHM: Final = "RS256"
SMALLEST: Final = 2048
PEM: Final = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


class SigningKey(msgspec.Struct, frozen=True):
    """A key pair and the `kid` that tokens name it by."""

    kid: str
    private: RSAPrivateKey
    public: RSAPublicKey


def read_signing_keys(text: str) -> list[SigningKey]:
    """The keys in a text of PEM blocks, in order; raises `BadSettings` when there is none, or one is unfit."""
    blocks = PEM.findall(text.replace("\\n", "\n"))
    if not blocks:
        raise BadSettings("JWT_PRIVATE_KEYS must hold RSA private keys in PEM, one after another")
    return [_read(block) for block in blocks]


def _read(block: str) -> SigningKey:
    try:
        private = load_pem_private_key(block.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise BadSettings("JWT_PRIVATE_KEYS holds a key that cannot be read") from error
    if not isinstance(private, RSAPrivateKey) or private.key_size < SMALLEST:
        raise BadSettings(f"JWT_PRIVATE_KEYS holds a key that is not RSA of at least {SMALLEST} bits")
    public = private.public_key()
    return SigningKey(_thumbprint(public), private, public)


def new_signing_key() -> str:
    """A new RSA private key in PEM; takes a tenth of a second and more, so ask for it in a thread."""
    key = generate_private_key(public_exponent=65537, key_size=SMALLEST)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def jwks(keys: Iterable[SigningKey]) -> bytes:
    """Public keys as a JSON Web Key Set (RFC 7517)."""
    described = [{**_members(key.public), "kid": key.kid, "use": "sig", "alg": ALGORITHM} for key in keys]
    return msgspec.json.encode({"keys": described})


def _members(key: RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}


def _thumbprint(key: RSAPublicKey) -> str:
    return _base64url(hashlib.sha256(msgspec.json.encode(_members(key), order="sorted")).digest())


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
