"""Guessing passwords gets slower and slower, and keeps nobody else out (security.md 7); how attempts are counted: `test_attempts.py`."""

import asyncio
import itertools
import time
from collections import Counter
from statistics import median
from uuid import uuid4

import httpx
import pytest

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, problem
from tests.security.instances import another, called_from

ADDRESSES = (f"198.18.{number // 250}.{number % 250 + 1}" for number in itertools.count(1))
LOGIN = "/api/v1/auth/login"


async def sign_in(http: httpx.AsyncClient, email: str, typed: str = "not the password") -> httpx.Response:
    return await http.post(LOGIN, json={"email": email, "password": typed})


async def registered(api: Api) -> str:
    email = f"{uuid4().hex}@example.org"
    body = {"email": email, "name": "Ada", "password": PASSWORD}
    assert (await api("POST", "/api/v1/users", await api.admin(), json=body)).status_code == 201
    return email


@pytest.fixture
async def victim(api: Api) -> str:
    return await registered(api)


async def test_who_guesses_must_wait_and_no_password_is_looked_at_meanwhile(api, victim, monkeypatch):
    async with called_from(api, next(ADDRESSES)) as http:
        assert [(await sign_in(http, victim)).status_code for _ in range(5)] == [401] * 5
        compared: list[str] = []
        monkeypatch.setattr(api.system.passwords, "verify", lambda *_: compared.append("") or pytest.fail("compared"))
        late = await sign_in(http, victim, PASSWORD)
        monkeypatch.undo()
        assert problem(late) == (429, "too_many_requests")
        assert late.headers["retry-after"] == "1"
        assert not compared
        await eventually(lambda: gets_in(http, victim), 3)


async def gets_in(http: httpx.AsyncClient, email: str) -> bool:
    return (await sign_in(http, email, PASSWORD)).status_code == 200


async def test_a_victim_signs_in_while_being_attacked(api, victim):
    home = next(ADDRESSES)
    async with called_from(api, home) as http:
        assert await gets_in(http, victim)
        answers: Counter[int] = Counter()

        async def attack() -> None:
            for _ in range(8):
                async with called_from(api, next(ADDRESSES)) as stranger:
                    answers.update([(await sign_in(stranger, victim)).status_code for _ in range(6)])

        attackers = [asyncio.create_task(attack()) for _ in range(4)]
        entered = [await gets_in(http, victim) for _ in range(10)]
        await asyncio.gather(*attackers)
        entered += [await gets_in(http, victim)]
        assert answers[429] > 0
        assert answers[200] == 0
        assert all(entered)


async def test_of_twenty_wrong_sign_ins_at_once_each_is_counted_by_all_processes(api, victim):
    address = next(ADDRESSES)
    async with another(api) as other, called_from(api, address) as one, called_from(other, address) as two:
        answers = await asyncio.gather(*(sign_in(http, victim) for http in (one, two) for _ in range(10)))
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) <= {401, 429}
        late = [await sign_in(http, victim, PASSWORD) for http in (one, two)]
        assert [problem(answer) for answer in late] == [(429, "too_many_requests")] * 2
        assert all(int(answer.headers["retry-after"]) > 2 ** (statuses[401] - 5) * 0.9 or statuses[401] > 14 for answer in late)


async def test_known_and_unknown_accounts_are_answered_alike_word_for_word(api, victim):
    told = []
    for email in (victim, f"nobody-{uuid4().hex}@example.org"):
        async with called_from(api, next(ADDRESSES)) as http:
            answers = [await sign_in(http, email) for _ in range(6)]
            told.append([(one.status_code, *sorted((name, word) for name, word in one.json().items() if name != "trace_id")) for one in answers])
    assert told[0] == told[1]


async def test_known_and_unknown_accounts_are_answered_in_the_same_time(api):
    async with another(api, bcrypt_cost=7) as slow:
        known = [await registered(slow) for _ in range(8)]
        await eventually(lambda: alike(slow, known), 60)


async def alike(api: Api, known: list[str]) -> bool:
    """Whether the medians are within a tenth of each other; what else the machine does meets both sides alike."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(4):
        for email in known:
            for is_known, name in ((True, email), (False, f"{uuid4().hex}@example.org")):
                async with called_from(api, next(ADDRESSES)) as http:
                    began = time.perf_counter()
                    assert (await sign_in(http, name)).status_code == 401
                    seconds[is_known].append(time.perf_counter() - began)
    one, other = (median(found) for found in seconds.values())
    return abs(one - other) <= 0.1 * max(one, other)
