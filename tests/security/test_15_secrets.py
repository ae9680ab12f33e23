"""No secret is kept in clear anywhere: tables, read models, stored answers, Redis, log lines, metrics (security.md 15).

That personal data is sealed and goes with its person shows tests/identity/test_erasure_leaves_nothing.py.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from api.shared.health import Health
from infra.cancellation import ended
from infra.processes.clock import clock
from tests.eventually import eventually
from tests.http.daybook import Api, daybook
from tests.http.strangers import bearer
from tests.identity.second_factors import challenge, enable, verify
from tests.identity.traces import looked
from tests.notifications.post_office import PostOffice, open_office, texts
from tests.servers import Database

OUTSIDE = ("mail.log", "httpx")
"""What the mail server and the client of this test log about themselves."""
EMAIL, FIRST, SECOND = "ida@example.org", "the first of my passwords", "the second of my passwords"


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_office(PostOffice()) as opened:
        yield opened


@pytest.fixture
async def own(fresh_database: Database, redis_url: str, office: PostOffice) -> AsyncIterator[Api]:
    settings = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none", "sweep_interval": 0.1}
    async with daybook(fresh_database, redis_url, refresh_grace_seconds=0, **settings) as running:
        ticking = asyncio.create_task(clock(running.system.settings, Health("clock")))
        yield running
        await ended(ticking)


class Journey:
    """What somebody does in the life of an account; every secret they saw or typed on the way, by what it is."""

    def __init__(self, api: Api, office: PostOffice) -> None:
        self.api = api
        self.office = office
        self.secrets: dict[str, str] = {"the first password": FIRST, "the second password": SECOND}
        self._keys = 0

    async def post(self, path: str, body: dict[str, Any] | None, who: dict[str, str] | None = None, **more: Any) -> Any:
        """Under an idempotency key, since answers are stored with those."""
        self._keys += 1
        headers = {"Idempotency-Key": f"step-{self._keys}"}
        answer = await self.api("POST", path, who, **({"json": body} if body is not None else {}), headers=headers, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def link(self, what: str) -> str:
        """The newest link that was sent."""

        async def arrived() -> list[str]:
            return re.findall(rf"{what}#token=(\S+)", "\n".join(texts(self.office)))

        return (await eventually(arrived))[-1]

    def saw(self, what: str, secret: str) -> str:
        assert len(secret) >= 6, what
        self.secrets[what] = secret
        return secret

    def signed_in(self, when: str, answer: dict[str, Any]) -> dict[str, str]:
        self.saw(f"refresh token {when}", answer["refresh_token"])
        self.saw(f"secret of the refresh token {when}", answer["refresh_token"].rpartition(".")[2])
        self.saw(f"signature of the access token {when}", answer["access_token"].rpartition(".")[2])
        return bearer(answer["access_token"])


async def live(journey: Journey) -> None:
    api = journey.api
    made = await journey.post("/api/v1/auth/register", {"email": EMAIL, "name": "Ida", "password": FIRST})
    journey.signed_in("of the registration", made)
    await journey.post("/api/v1/auth/verify-email", {"token": journey.saw("link to verify", await journey.link("verify-email"))})
    refreshed = await journey.post("/api/v1/auth/refresh", {"refresh_token": made["refresh_token"]})
    me = journey.signed_in("after a refresh", refreshed)
    await journey.post("/api/v1/auth/password/forgot", {"email": EMAIL})
    link = journey.saw("link to reset", await journey.link("reset-password"))
    await journey.post("/api/v1/auth/password/reset", {"token": link, "new_password": SECOND})
    me = journey.signed_in("with a new password", await journey.post("/api/v1/auth/login", {"email": EMAIL, "password": SECOND}))

    key = await journey.post("/api/v1/api-keys", {"name": "nightly", "scopes": ["tasks:read"]}, me)
    journey.saw("secret of the API key", key["key"].split("_", 2)[2])
    assert (await api("GET", "/api/v1/tasks", {"X-API-Key": key["key"]})).status_code == 200

    program = {"name": "Night shift", "grants": ["client_credentials"], "scopes": ["tasks:read"]}
    client = await journey.post("/api/v1/oauth-clients", program, await api.admin())
    journey.saw("secret of the OAuth client", client["client_secret"])
    asked = {"grant_type": "client_credentials", "scope": "tasks:read"}
    token = await api("POST", "/oauth/token", data=asked, auth=(client["id"], client["client_secret"]))
    journey.saw("signature of the program's token", token.json()["access_token"].rpartition(".")[2])

    authenticator, codes = await enable(api.http, me, lambda: datetime.now(UTC))
    journey.saw("seed of the authenticator", authenticator.codes.secret)
    for code in codes:
        journey.saw(f"recovery code {code}", code)
    half = await challenge(api.http, {"email": EMAIL, "password": SECOND})
    journey.saw("token of the half-finished sign-in", half)
    journey.saw("secret of the half-finished sign-in", half.rpartition(".")[2])
    finished = await verify(api.http, half, codes[0])
    assert finished.status_code == 200, finished.text
    journey.signed_in("with a recovery code", finished.json())
    await api("POST", "/api/v1/auth/login", json={"email": EMAIL, "password": FIRST})
    await api("POST", "/api/v1/auth/refresh", json={"refresh_token": made["refresh_token"]})


async def test_a_whole_life_of_an_account_leaves_no_secret_in_clear(own, office, fresh_database, redis_url, caplog):
    caplog.set_level("DEBUG")
    journey = Journey(own, office)
    await live(journey)
    assert len(journey.secrets) > 25
    assert await looked(["tasks:read"], fresh_database, redis_url), "the search finds what is there"
    kept = await looked(list(journey.secrets.values()), fresh_database, redis_url)
    named = {secret: what for what, secret in journey.secrets.items()}
    assert [(named[secret], place) for secret, place in kept] == []
    said = " ".join(record.getMessage() + str(vars(record)) for record in caplog.records if not record.name.startswith(OUTSIDE))
    said += (await own("GET", "/metrics")).text
    assert [what for what, secret in journey.secrets.items() if secret in said] == []


async def test_what_was_answered_with_a_secret_is_not_stored_for_a_repetition(own):
    me = await own.account()
    body = {"name": "nightly", "scopes": ["tasks:read"]}
    first = await own("POST", "/api/v1/api-keys", me.headers, json=body, headers={"Idempotency-Key": "one"})
    again = await own("POST", "/api/v1/api-keys", me.headers, json=body, headers={"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["key"] != again.json()["key"]
    answers = await own.system.log.reads("select answer from http_keys where answer is not null")
    assert answers == []
