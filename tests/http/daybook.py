"""A whole Daybook in the test's own event loop: the API behind its edge, relay and consumers, on a real PostgreSQL and Valkey."""

import asyncio
import base64
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.shared.health import Health
from api.shared.parts import Parts, Rules
from application.identity.typed import Typed
from application.identity.user import EnsureAdmin
from infra.addresses import networks
from infra.app import System, system
from infra.http.access_log import AccessLog
from infra.http.application import application, parts_of
from infra.http.edge import Edge
from infra.postgres.migrate import migrate
from infra.processes.checks import watch
from infra.processes.consumers import consumers
from infra.processes.relay import relay
from infra.redis.progress import Progress
from infra.settings import Settings
from tests.eventually import BUSY, eventually
from tests.infra.doubles.forge import OURS, pem
from tests.patience import patient
from tests.servers import Database, Servers

PASSWORD = "a garden of forking paths"
ADMIN = "root@example.org"
Headers = dict[str, str]
HERE = {"payment_duration": 0, "bcrypt_cost": 4, "throttler_limit": 1_000_000, "jwt_expires_in": "12h", "step_up_max_age": "12h"}
"""Otherwise than in service: nobody waits, nobody asks too often, and who signed in for all tests of a folder is not out before its last one."""


class Api:
    """What tests ask: HTTP as clients speak it, and a look at what is behind."""

    def __init__(self, system: System, parts: Parts, database: Database | None = None) -> None:
        self.system = system
        self.parts = parts
        self.database = database
        self.health = Health("serve")
        watch(self.health, system)
        self.http = self.client(self.app)
        self.served = None
        """The application behind the last real web server; see `listening`."""
        self._admin: Headers = {}

    @cached_property
    def app(self) -> Litestar:
        return application(self.parts, self.health)

    def client(self, app: Litestar) -> httpx.AsyncClient:
        edge = Edge(app, self.health, AccessLog(enabled=False), networks(self.system.settings.trusted_proxies))
        transport = httpx.ASGITransport(edge, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://daybook.test")

    def with_rules(self, **rules: Any) -> httpx.AsyncClient:
        """The same Daybook, spoken to by other rules."""
        return self.client(application(msgspec.structs.replace(self.parts, rules=Rules(**rules)), self.health))

    async def __call__(self, method: str, path: str, who: Headers | None = None, /, **more: Any) -> httpx.Response:
        headers = {**(who or {}), **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def sign_in(self, email: str) -> Headers:
        answer = await self("POST", "/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def admin(self) -> Headers:
        if not self._admin:
            await self.system.dispatch(EnsureAdmin(email=ADMIN, password=Typed(PASSWORD)), self.system.context())
            self._admin = await self.sign_in(ADMIN)
        return self._admin

    async def shows_everything(self) -> bool:
        asked = [await self("GET", path, await self.admin()) for path in ("/api/v1/admin/tasks?limit=1", "/api/v1/tasks/stats", "/api/v1/nodes")]
        return all(answer.status_code == 200 for answer in asked)

    async def account(self, role: str = "user") -> "Account":
        """A new account with this role, signed in."""
        email = f"{role}-{uuid4().hex[:12]}@example.org"
        body = {"email": email, "name": f"One {role}", "password": PASSWORD, "role": role}
        made = await self("POST", "/api/v1/users", await self.admin(), json=body)
        assert made.status_code == 201, made.text
        return Account(made.json()["id"], await self.sign_in(email))

    async def task(self, who: Headers, **fields: Any) -> dict[str, Any]:
        made = await self("POST", "/api/v1/tasks", who, json={"title": "Sweep the yard"} | fields)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found


class Account(msgspec.Struct, frozen=True):
    """Somebody, and the headers that prove it."""

    id: str
    headers: Headers


def key(word: str) -> str:
    """32 bytes that look random, always the same for one word."""
    return base64.b64encode(hashlib.sha256(word.encode()).digest()).decode()


@asynccontextmanager
async def daybook(database: Database, redis_url: str, **settings: Any) -> AsyncIterator[Api]:
    """Up and running; down at the end."""
    with patient():
        async with _daybook(database, redis_url, settings) as running:
            yield running


@asynccontextmanager
async def _daybook(database: Database, redis_url: str, settings: dict[str, Any]) -> AsyncIterator[Api]:
    await asyncio.to_thread(migrate, database.owner_url)
    kept = tempfile.TemporaryDirectory(prefix="daybook-")
    known = Settings(
        database_url=database.app_url,
        redis_url=redis_url,
        secret_key=key("secret"),
        jwt_private_keys=pem(OURS),
        jobs_folder=f"{kept.name}/jobs",
        files_folder=f"{kept.name}/files",
        **{**HERE, "master_key": key("master"), **settings},
    )
    progress = Progress(redis_url)
    async with system(known) as running:
        api = Api(running, parts_of(running, progress), database)
        beside = (relay(known, Health("relay")), consumers(known, Health("consumers")), progress.run())
        tasks = [asyncio.ensure_future(work) for work in beside]
        try:
            async with api.app.lifespan():
                await eventually(api.shows_everything, 30, "all read models are there")
                yield api
        finally:
            await api.http.aclose()
            for task in tasks:
                task.cancel()
            _, stuck = await asyncio.wait(tasks, timeout=5 * BUSY)
            assert not stuck, stuck
            kept.cleanup()


@asynccontextmanager
async def shared(servers: Servers, **settings: Any) -> AsyncIterator[Api]:
    """The same on a new database and a Redis that nobody else empties: for all tests of a folder."""
    database = servers.new_database()
    async with daybook(database, servers.shared.empty_redis(), **settings) as running:
        yield running
    servers.drop(database)


@pytest.fixture(scope="package")
async def api(servers: Servers) -> AsyncIterator[Api]:
    """One Daybook, as it is without settings, for all tests of the folder whose `conftest.py` imports this."""
    async with shared(servers) as running:
        yield running


@pytest.fixture(scope="module", name="api")
async def own_api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    """One for all tests of a file alone: where what happens to it would disturb others, or theirs would disturb it."""
    async with daybook(module_database, servers.empty_redis()) as running:
        yield running


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, which must be a whole problem document (RFC 9457)."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    assert set(told) >= {"type", "title", "status", "detail", "instance", "code", "trace_id"}
    assert told["type"] == f"/api/docs/problems#{told['code']}"
    assert told["trace_id"] in answer.headers["traceparent"]
    assert "Traceback" not in answer.text
    return answer.status_code, told["code"]


def misfits(answer: httpx.Response) -> list[tuple[str, str]]:
    """Pointer and code of each thing that does not fit."""
    assert problem(answer)[0] == 400
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
