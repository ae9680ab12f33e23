"""A program of somebody else, and the person in front of its browser."""

import base64
import hashlib
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import msgspec

from application.shared.context import SYSTEM, Context
from application.shared.ports import Entry, Staged
from domain.identity.events import EmailVerified
from domain.identity.user import User
from infra.app import new_id
from tests.http.daybook import PASSWORD, Api

CALLBACK = "https://app.example.org/callback?from=daybook"
VERIFIER = "a-verifier-of-forty-three-characters-at-least.~"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ALL = ["openid", "profile", "email", "tasks:read", "tasks:create", "users:read", "self:read"]


class Program(msgspec.Struct):
    """A registered client."""

    api: Api
    id: str
    secret: str | None

    @property
    def basic(self) -> Any:
        return (self.id, self.secret or "")

    async def token(self, **fields: str) -> httpx.Response:
        """Ask the token endpoint, proving itself as it can."""
        if self.secret is None:
            return await self.api("POST", "/oauth/token", data={"client_id": self.id, **fields})
        return await self.api("POST", "/oauth/token", data=fields, auth=self.basic)

    async def redeem(self, code: str, **changed: str) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER} | changed
        return await self.token(**fields)

    async def tokens(self, email: str, **changed: str) -> dict[str, Any]:
        """The whole way: consent of this person, code, tokens."""
        answer = await self.redeem(await self.code(email, **changed))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def code(self, email: str, **changed: str) -> str:
        return back(await allow(self.api, await self.ask(**changed), email))["code"]

    async def ask(self, **changed: str) -> httpx.Response:
        """Where the program sends the browser; an empty value leaves a parameter out."""
        usual = {
            "client_id": self.id, "redirect_uri": CALLBACK, "response_type": "code", "state": "s t&te", "nonce": "once",
            "scope": "openid profile email tasks:read", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }  # fmt: skip
        return await self.api("GET", "/oauth/authorize", params={name: value for name, value in (usual | changed).items() if value})

    async def ended(self) -> None:
        answer = await self.api("DELETE", f"/api/v1/oauth-clients/{self.id}", await self.api.admin())
        assert answer.status_code == 204, answer.text


async def registered(api: Api, **changed: Any) -> Program:
    body = {
        "name": "Wall <display>", "kind": "confidential", "redirect_uris": [CALLBACK], "grants": ["authorization_code", "refresh_token"],
        "scopes": ALL,
    }  # fmt: skip
    made = await api("POST", "/api/v1/oauth-clients", await api.admin(), json=body | changed)
    assert made.status_code == 201, made.text
    return Program(api, made.json()["id"], made.json()["client_secret"])


async def person(api: Api, role: str = "user") -> str:
    """The e-mail of a new account."""
    email = f"{uuid4().hex[:12]}@example.org"
    body = {"email": email, "name": "Ada Lovelace", "password": PASSWORD, "role": role}
    assert (await api("POST", "/api/v1/users", await api.admin(), json=body)).status_code == 201
    return email


def hidden(page: httpx.Response) -> str:
    """What the page carries."""
    assert page.status_code in {200, 401, 403, 429}, page.text
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found.group(1))


async def allow(api: Api, page: httpx.Response, email: str, **changed: str) -> httpx.Response:
    """The person types what the page asks for."""
    form = {"request": hidden(page), "decision": "allow", "email": email, "password": PASSWORD} | changed
    return await api("POST", "/oauth/authorize", data=form)


def back(answer: httpx.Response, to: str = CALLBACK) -> dict[str, str]:
    """What the program is told at its address."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(to), answer.headers["location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query, strict_parsing=True).items()}


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error of RFC 6749, which no cache keeps."""
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error", "error_description"}
    return answer.status_code, answer.json()["error"]


async def prove_email(api: Api, user_id: str) -> None:
    """The link of the mail was used."""
    user, _ = await api.system.log.load(User, UUID(user_id))
    event = EmailVerified(user_id=user.id, request_id=new_id())
    after = {user.id: user.after(event)}
    entry = Entry(context=Context(SYSTEM, new_id()), decided_at=api.system.log.now(), events=[Staged(user.id, user.version + 1, event)], states=after)
    await api.system.log.append(entry)
