"""People and nodes who use a running Daybook over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from infra.settings import Settings
from tests.faults.daybook import Process

PASSWORD = "a garden of forking paths"
LOST = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""No answer: the connection was refused or cut, and only a retry with the same key tells what became of the request."""


class User:
    """Somebody signed in, who can speak to any API process."""

    def __init__(self, client: httpx.AsyncClient, told: dict[str, Any]) -> None:
        self._client = client
        self.id = told["user"]["id"]
        self._headers = {"Authorization": f"Bearer {told['access_token']}"}

    async def ask(self, api: Process, method: str, path: str, *, key: str = "", **more: Any) -> httpx.Response:
        headers = self._headers | ({"Idempotency-Key": key} if key else {}) | more.pop("headers", {})
        return await self._client.request(method, f"{api.url}/api/v1{path}", headers=headers, **more)

    async def get(self, api: Process, path: str, **parameters: Any) -> httpx.Response:
        return await self.ask(api, "GET", path, params=parameters)

    async def post(self, api: Process, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
        return await self.ask(api, "POST", path, json=body if body is not None else {}, key=key)


class People:
    """Signs people in."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._made = 0

    async def admin(self, api: Process) -> User:
        return await self.log_in(api, self._settings.admin_email, self._settings.admin_password)

    async def log_in(self, api: Process, email: str, password: str = PASSWORD) -> User:
        answer = await self._client.post(f"{api.url}/api/v1/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return User(self._client, answer.json())

    async def register(self, api: Process) -> User:
        body = {"email": self._email(), "name": "Ada", "password": PASSWORD}
        answer = await self._client.post(f"{api.url}/api/v1/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        return User(self._client, answer.json())

    async def node(self, api: Process, admin: User) -> User:
        body = {"email": self._email(), "name": "Node", "password": PASSWORD, "role": "node"}
        answer = await admin.post(api, "/users", body)
        assert answer.status_code == 201, answer.text
        return await self.log_in(api, body["email"])

    def _email(self) -> str:
        self._made += 1
        return f"person-{self._made}-{id(self)}@example.org"


@asynccontextmanager
async def people(settings: Settings) -> AsyncIterator[People]:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
    async with httpx.AsyncClient(timeout=100, limits=limits) as client:
        yield People(client, settings)


async def misses(one: Process, other: Process, users: list[User], times: int) -> int:
    """How often somebody who wrote through one process did not see it through the other, in three kinds of read."""

    async def write_and_read(user: User) -> int:
        missed = 0
        for nth in range(1, times + 1):
            here, there = (one, other) if nth % 2 else (other, one)
            made = await user.post(here, "/tasks", {"title": f"Task {nth}"})
            assert made.status_code == 201, made.text
            task = made.json()["id"]
            seen, listed, counted = await asyncio.gather(
                user.get(there, f"/tasks/{task}"), user.get(there, "/tasks", limit=1), user.get(there, "/tasks/stats")
            )
            missed += seen.status_code != 200
            missed += [item["id"] for item in listed.json().get("items", [])] != [task]
            missed += counted.json().get("total") != nth
        return missed

    return sum(await asyncio.gather(*map(write_and_read, users)))
