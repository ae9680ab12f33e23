"""An issuer that says what a test wants it to say, true or not; spoken to in memory."""

import base64
import hashlib
import time
from typing import Any
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

ISSUER = "https://issuer.example.org"
CLIENT = "daybook-at-home"
RSA, NEXT, THEIRS = (RSAKey.generate_key(2048, {"kid": name}) for name in ("first", "next", "first"))
ELLIPTIC = ECKey.generate_key("P-256", {"kid": "elliptic"})
SHARED = OctKey.import_key("a secret that is long enough for HS256 and more", {"kid": "first"})
ACCESS = "an-access-token"


def half(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


class Issuer(httpx.MockTransport):
    """`claims`, `metadata`, `keys` and so on may be changed; `asked` remembers what was fetched. Moments in `claims` are seconds from now."""

    def __init__(self) -> None:
        super().__init__(self.answer)
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.keys: list[Any] = [RSA]
        self.signs: Any = RSA
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "first"}
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.user_info: dict[str, Any] = {"name": "Ada Lovelace", "email": "ada@example.org", "email_verified": True}
        self.nonce = ""
        self.answers: dict[str, httpx.Response] = {}
        """What is answered at an address instead."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path in self.answers:
            return self.answers[request.url.path]
        match request.url.path:
            case "/.well-known/openid-configuration":
                usual = {"issuer": ISSUER} | {f"{name}_endpoint": f"{ISSUER}/{name}" for name in ("authorization", "token", "userinfo")}
                return httpx.Response(200, json=usual | {"jwks_uri": f"{ISSUER}/keys"} | self.metadata)
            case "/keys":
                return httpx.Response(200, json=KeySet(self.keys).as_dict(private=False))
            case "/userinfo":
                return httpx.Response(200, json={"sub": self.claims.get("sub", "ada-4711")} | self.user_info)
        self.forms.append({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        return httpx.Response(200, json={"access_token": ACCESS, "token_type": "Bearer", "id_token": self.token()})

    def token(self) -> str:
        at = int(time.time())
        usual = {"iss": ISSUER, "sub": "ada-4711", "aud": CLIENT, "exp": 300, "iat": 0, "nonce": self.nonce, "at_hash": half(ACCESS)}
        said = {name: value for name, value in (usual | self.claims).items() if value is not ...}
        said |= {name: at + said[name] for name in ("exp", "iat", "nbf") if isinstance(said.get(name), int)}
        return jwt.encode(self.header, said, self.signs, algorithms=[self.header["alg"]])
