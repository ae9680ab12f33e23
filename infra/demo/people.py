"""The accounts of the demo: one per person of the log, each acting with tokens of its own, and the desk that owns the tickets."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.demo.client import Answer, Api
from infra.demo.shop.step import WALK_IN
from infra.demo.step import ADMIN, DESK, TEAM
from infra.local.state import LocalProblem

AT: Final = "@helpdesk.example"
USERS: Final = ("agent-", "customer-", *(name.replace(" ", "-") for name in (DESK, TEAM, WALK_IN)))
"""How the names of those begin who are no nodes."""
EARLY: Final = 30.0
"""Seconds before its end at which an access token is exchanged."""


class _Account(msgspec.Struct, frozen=True):
    id: UUID
    email: str = ""


class _SignIn(msgspec.Struct, frozen=True):
    user: _Account
    access_token: str
    refresh_token: str
    expires_in: float


class _Accounts(msgspec.Struct, frozen=True):
    items: list[_Account]
    next_cursor: str | None


class _Person:
    """An account and its session."""

    def __init__(self, email: str, password: str, role: str) -> None:
        self.email = email
        self.password = password
        self.role = role
        self.id: UUID | None = None
        self.session: _SignIn | None = None
        self.until = 0.0
        self.turn = asyncio.Lock()


class People:
    """Everybody by their name in the log. Nobody signs in (a slow hash) before they have something to say."""

    def __init__(self, api: Api, email: str, password: str, at: str = AT, *, silent: Callable[[str], bool] = lambda _: False) -> None:
        """`silent` are those who never sign in: their accounts need no password, and nobody waits for its slow hash."""
        self._api = api
        self._at = at
        self._silent = silent
        # Derived, so that nothing has to be kept between two runs; slowly, so that a node's password does not give away its source.
        self._root = hashlib.scrypt(password.encode(), salt=b"daybook demo", n=2**14, r=8, p=1)
        self._known: dict[str, _Person] = {ADMIN: _Person(email, password, "admin")}

    async def open(self) -> None:
        """Sign in as administrator and see who is there. Raises `LocalProblem` for a wrong password."""
        await self.token(ADMIN)
        for role in ("node", "user"):
            await self._know(role)

    async def _know(self, role: str) -> None:
        cursor: str | None = None
        while True:
            query = {"role": role, "limit": "200"} | ({"cursor": cursor} if cursor else {})
            answer = await self.ask(ADMIN, "GET", "/api/v1/users", query=query)
            if not answer.ok:
                raise LocalProblem(f"{self._known[ADMIN].email} may not list accounts ({answer.problem.code}): name an administrator")
            page: _Accounts = answer.read(_Accounts)
            for account in page.items:
                if account.email.endswith(self._at):
                    self._person(account.email.removesuffix(self._at)).id = account.id
            cursor = page.next_cursor
            if cursor is None:
                return

    async def ask(
        self, name: str, method: str, path: str, *, body: Any = None, key: str | None = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        """A request of this person; a token that is not taken any more is exchanged once."""
        answer = await self._api.ask(method, path, token=await self.token(name), body=body, key=key, query=query)
        if answer.status == 401:
            self._person(name).until = 0.0
            answer = await self._api.ask(method, path, token=await self.token(name), body=body, key=key, query=query)
        return answer

    async def id(self, name: str) -> UUID:
        """The account of this person, opened if there is none."""
        person = self._person(name)
        if person.id is None:
            async with person.turn:
                await self._open(person, name)
        assert person.id is not None
        return person.id

    def known(self, name: str) -> str | None:
        """The id of an account that was seen or opened."""
        found = self._person(name).id
        return None if found is None else str(found)

    async def token(self, name: str) -> str:
        """An access token that still lives for a while; people sign in once and then refresh."""
        person = self._person(name)
        if person.role != "admin":
            await self.id(name)
        if person.session is None or time.monotonic() > person.until:
            async with person.turn:
                if person.session is None or time.monotonic() > person.until:
                    await self._sign_in(person)
        assert person.session is not None
        return person.session.access_token

    def _person(self, name: str) -> _Person:
        local = name.strip().lower().replace(" ", "-")
        key = ADMIN if name == ADMIN else local
        if key not in self._known:
            email = local + self._at
            password = base64.urlsafe_b64encode(hmac.digest(self._root, email.encode(), "sha256")[:24]).decode()
            self._known[key] = _Person(email, password, "user" if local.startswith(USERS) else "node")
        return self._known[key]

    async def _open(self, person: _Person, name: str) -> None:
        if person.id is not None:
            return
        body = {"email": person.email, "name": name, "role": person.role} | ({} if self._silent(name) else {"password": person.password})
        answer = await self._api.ask("POST", "/api/v1/users", token=await self.token(ADMIN), body=body)
        if answer.ok:
            person.id = answer.read(_Account).id
        elif answer.problem.code == "email_taken":
            await self._sign_in(person)
        else:
            raise LocalProblem(f"no account could be opened for {name}: {answer.problem.code}, {answer.problem.detail}")

    async def _sign_in(self, person: _Person) -> None:
        asked, answer = time.monotonic(), None
        if person.session is not None:
            answer = await self._api.ask("POST", "/api/v1/auth/refresh", body={"refresh_token": person.session.refresh_token})
        if answer is None or not answer.ok:
            answer = await self._api.ask("POST", "/api/v1/auth/login", body={"email": person.email, "password": person.password})
        if not answer.ok:
            hint = "" if person.role == "admin" else " (its password follows from that of the administrator who first ran the demo)"
            raise LocalProblem(f"{person.email} could not sign in: {answer.problem.code}{hint}")
        person.session = answer.read(_SignIn)
        person.id = person.session.user.id
        person.until = asked + person.session.expires_in - min(EARLY, person.session.expires_in / 2)
