"""Nobody learns from this system who has an account here: the same status, body and time for known and unknown e-mails (security.md 2)."""

import statistics
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, daybook, problem
from tests.servers import Database, Servers

KNOWN = 7
"""So few that three rounds of wrong passwords are not too many from one address."""
LITTLE = 0.06
"""Seconds: about what one password costs here."""
TOLD = {"content-type", "content-length", "cache-control", "retry-after", "www-authenticate", "daybook-position"}


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    async with daybook(module_database, servers.empty_redis(), registration_privacy=True, bcrypt_cost=10) as running:
        yield running


def stranger() -> str:
    return f"{uuid4().hex}@example.org"


async def register(api: Api, email: str) -> httpx.Response:
    return await api("POST", "/api/v1/auth/register", json={"email": email, "name": "Ada", "password": PASSWORD})


async def guess(api: Api, email: str) -> httpx.Response:
    return await api("POST", "/api/v1/auth/login", json={"email": email, "password": "guess after guess"})


async def forget(api: Api, email: str) -> httpx.Response:
    return await api("POST", "/api/v1/auth/password/forgot", json={"email": email})


@pytest.fixture(scope="module")
async def known(api: Api) -> list[str]:
    emails = [stranger() for _ in range(KNOWN)]
    for email in emails:
        assert (await register(api, email)).status_code == 202
    return emails


def seen(answer: httpx.Response) -> tuple[Any, ...]:
    """All of an answer that could tell one e-mail from another; a problem's trace is another one each time."""
    body = answer.json() | {"trace_id": ""}
    return answer.status_code, body, {name: value for name, value in answer.headers.items() if name in TOLD}


async def apart(api: Api, known: list[str], ask: Any) -> float:
    """By how much of a quick answer those for known and unknown e-mails are apart; they must say the same."""
    answers, took = [], dict[bool, list[float]]({True: [], False: []})
    for nth, email in enumerate(known):
        pair = [(True, email), (False, stranger())]
        # What the first leaves to be done beside it slows the second, so they take turns.
        for is_known, asked in pair if nth % 2 else reversed(pair):
            begun = time.perf_counter()
            answers.append(await ask(api, asked))
            took[is_known].append(time.perf_counter() - begun)
    assert all(seen(answer) == seen(answers[0]) for answer in answers), [answer.text for answer in answers[:2]]
    # The lower quartile: other work on the machine only ever adds to it.
    fast, slow = sorted(statistics.quantiles(one, n=4)[0] for one in took.values())
    return (slow - fast) / max(fast, LITTLE)


@pytest.mark.parametrize("ask", [register, guess, forget])
async def test_status_body_headers_and_time_are_the_same(api, known, ask):
    async def alike() -> bool:
        return await apart(api, known, ask) < 0.5

    # Half of what one password costs would be seen in every round; a busy machine is not in all of them.
    await eventually(alike, 3)


async def test_the_account_that_was_opened_in_private_is_there_and_signs_in_with_its_password(api, known):
    for email, status in ((known[0], 200), (stranger(), 401)):
        signed_in = await api("POST", "/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert signed_in.status_code == status


async def test_even_a_disabled_account_is_told_so_only_with_its_password(api):
    email = stranger()
    await register(api, email)
    right = {"email": email, "password": PASSWORD}
    person = (await api("POST", "/api/v1/auth/login", json=right)).json()["user"]
    assert (await api("POST", f"/api/v1/users/{person['id']}/disable", await api.admin())).status_code == 200
    assert seen(await guess(api, email)) == seen(await guess(api, stranger()))
    assert problem(await api("POST", "/api/v1/auth/login", json=right)) == (403, "account_disabled")
