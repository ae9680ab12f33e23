"""Rate limits (requirements T): one count for all processes, per principal and per address, told in each answer, never in the way when
Redis is away.
"""

import asyncio
import itertools
import logging
import re
import time
from collections import Counter

import httpx
import pytest

from api.shared.limits import USUAL, policies, policy_of
from infra.redis import fallback
from infra.redis.clients import client
from infra.redis.limits import PART, RedisLimits
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, problem
from tests.security.gate import Gate
from tests.security.instances import another, called_from, two

TASKS = "/api/v1/tasks?limit=1"
ME = "/api/v1/auth/me"
STRICT = {"throttler_limit": 0}
ADDRESSES = (f"203.0.113.{number}" for number in itertools.count(1))
ITEM = re.compile(r'"([a-z-]+)"((?:;[a-z]+=[0-9]+)+)')
"""A string item with integer parameters (RFC 9651, 3.3.3 and 3.1.2)."""


def read(field: str) -> tuple[str, dict[str, int]]:
    fits = ITEM.fullmatch(field)
    assert fits, field
    return fits[1], {name: int(value) for name, value in (one.split("=") for one in fits[2].split(";")[1:])}


def limits_of(answer: httpx.Response) -> tuple[str, int, int, int, int]:
    """Policy, limit, window, what is left and seconds until there is more; said in both ways alike."""
    (name, policy), (same, state) = read(answer.headers["ratelimit-policy"]), read(answer.headers["ratelimit"])
    assert name == same
    assert set(policy) == {"q", "w"}
    assert set(state) == {"r", "t"}
    told = [int(answer.headers[f"x-ratelimit-{word}"]) for word in ("limit", "remaining", "reset")]
    assert told == [policy["q"], state["r"], state["t"]]
    assert 1 <= state["t"] <= policy["w"]
    return name, policy["q"], policy["w"], state["r"], state["t"]


async def test_two_processes_share_one_limit_exactly(api):
    user = await api.account()
    async with two(api, **STRICT, rate_limits="tasks=60/60") as clients:
        answers = await asyncio.gather(*(http.get(TASKS, headers=user.headers) for http in clients for _ in range(60)))
    assert Counter(answer.status_code for answer in answers) == {200: 60, 429: 60}
    assert min(limits_of(answer)[3] for answer in answers if answer.status_code == 200) == 0


@pytest.mark.parametrize("limit", [90, 900, 9000])
async def test_no_number_of_processes_lets_more_through_than_the_limit_nor_much_less(redis_url, limit, api):
    redis = client(redis_url)
    known = policies(f"tasks={limit}/600")
    several, turns = [RedisLimits(redis, known, api.system.sealing) for _ in range(4)], 8
    taken = [await asyncio.gather(*(one.take(known["tasks"], api.system.me) for one in several for _ in range(limit // 20))) for _ in range(turns)]
    allowed = sum(one.allowed for turn in taken for one in turn)
    await redis.aclose()
    # What a process took in advance and did not use within a moment is lost: at most a part of the limit each time.
    assert limit - turns * len(several) * (limit // PART) <= allowed <= limit


async def test_a_hurried_caller_costs_redis_one_question_for_many_requests(redis_url, api):
    redis = client(redis_url)
    known = policies("tasks=100000/60")
    limits = RedisLimits(redis, known, api.system.sealing)

    async def questions() -> int:
        return int((await redis.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})["calls"])

    before = await questions()
    for _ in range(5000):
        await limits.take(known["tasks"], api.system.me)
    asked = await questions() - before
    await redis.aclose()
    assert asked < 100


async def test_every_answer_says_where_the_caller_stands(api):
    async with another(api, **STRICT) as strict:
        user = await api.account()
        task = (await strict("POST", "/api/v1/tasks", user.headers, json={"title": "x"})).json()
        asked = [("GET", f"/api/v1/tasks/{task['id']}", 200), ("GET", f"/api/v1/tasks/{api.system.me}", 404), ("POST", "/api/v1/tasks", 400)]
        told = []
        for method, path, status in asked:
            answer = await strict(method, path, user.headers)
            assert answer.status_code == status
            told.append(limits_of(answer))
        assert [(name, limit, window, left) for name, limit, window, left, _ in told] == [("tasks", 1000, 60, left) for left in (998, 997, 996)]
        refused = await strict("GET", TASKS)
        assert problem(refused) == (401, "unauthenticated")
        assert limits_of(refused)[:2] == ("tasks", 1000)


async def test_who_asks_too_much_is_told_when_to_come_again_and_then_may(api):
    async with another(api, throttler_limit=5, throttler_ttl=6000) as strict:
        admin = await api.admin()
        ask = lambda: strict("GET", "/api/v1/tasks", admin)  # noqa: E731 — short for what follows.
        answers = [await ask() for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert [limits_of(answer)[:4] for answer in answers] == [("default", 5, 6, left) for left in (4, 3, 2, 1, 0, 0)]
        late = answers[-1]
        assert problem(late) == (429, "too_many_requests")
        assert late.json()["title"] == "Too many requests"
        assert int(late.headers["retry-after"]) == late.json()["retry_after"] == limits_of(late)[4]
        began = time.monotonic()
        await eventually(lambda: went_well(ask), 4)
        assert time.monotonic() - began > 0.5


async def went_well(ask) -> bool:
    return (await ask()).status_code == 200


def test_the_old_settings_replace_the_default_and_are_the_floor_of_all_others():
    known = policies("tasks=2/60,default=7/60", window=1500, floor=50)
    assert (known["default"].limit, known["default"].seconds) == (50, 2)
    assert {name: known[name].limit for name in ("tasks", "login")} == {"tasks": 50, "login": 50}
    assert policy_of(known, {}, "/api/v1/users") == policy_of(known, {}, "/api/v1/nodes") == known["default"]
    assert policy_of(policies(), {}, "/api/v1/users") == USUAL["users"]
    assert policies() == USUAL
    assert policies("default=7/10")["default"].limit == 7


@pytest.mark.parametrize("wish", ["tasks", "tasks=1", "tasks=0/60", "tasks=1/0", "nothing=1/60", "tasks=-1/60", "tasks=1/60;users=1/60"])
def test_what_is_no_rate_limit_is_refused_at_the_start(wish):
    with pytest.raises(ValueError, match="is no rate limit"):
        policies(wish)


async def test_principals_count_for_themselves_and_strangers_by_their_address(api):
    one, other = await api.account(), await api.account()
    async with another(api, **STRICT, rate_limits="auth=3/60") as strict, called_from(strict, next(ADDRESSES)) as http:
        for user in (one, other):
            assert [(await http.get(ME, headers=user.headers)).status_code for _ in range(4)] == [200, 200, 200, 429]
        strangers = [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}, {}]
        assert [(await http.get(ME, headers=headers)).status_code for headers in strangers] == [401, 401, 401, 429]
        async with called_from(strict, next(ADDRESSES)) as elsewhere:
            assert (await elsewhere.get(ME)).status_code == 401
            assert (await elsewhere.get(ME, headers=one.headers)).status_code == 429


async def test_an_account_opens_no_second_door_to_try_passwords(api):
    user = await api.account()
    async with another(api, **STRICT, rate_limits="login=3/60") as strict, called_from(strict, next(ADDRESSES)) as http:
        wrong = {"email": f"nobody-{next(ADDRESSES)}@example.org", "password": PASSWORD}
        asked = [await http.post("/api/v1/auth/login", json=wrong, headers=headers) for headers in ({}, user.headers, {}, user.headers)]
        assert [answer.status_code for answer in asked] == [401, 401, 401, 429]
        assert limits_of(asked[0])[:2] == ("login", 3)


async def test_who_changes_addresses_within_their_own_network_is_one_stranger(api):
    async with another(api, **STRICT, rate_limits="auth=2/60") as strict:
        statuses = []
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::3", "2001:db8:1:3::1"):
            async with called_from(strict, address) as http:
                statuses.append((await http.get(ME)).status_code)
        assert statuses == [401, 401, 429, 401]


async def test_health_numbers_and_documents_are_for_everybody_at_any_time(api):
    async with another(api, throttler_limit=1) as strict, called_from(strict, next(ADDRESSES)) as http:
        for path in ("/live", "/ready", "/health", "/metrics", "/openapi.json", "/api/docs", "/"):
            answers = [await http.get(path) for _ in range(3)]
            assert {answer.status_code for answer in answers} == {200}, path
            assert "ratelimit" not in answers[0].headers, path


async def test_no_address_stands_in_redis(api):
    redis = client(api.system.settings.redis_url)
    async with another(api, **STRICT) as strict, called_from(strict, "198.51.100.77") as http:
        await http.get(ME)
    keys = [key async for key in redis.scan_iter("limits*")]
    await redis.aclose()
    assert keys
    assert not [key for key in keys if b"198.51.100" in key]


@pytest.mark.parametrize("how", ["broken", "stuck"])
async def test_without_redis_each_process_counts_alone_and_says_so_once(api, how, caplog, monkeypatch):
    monkeypatch.setattr(fallback, "PATIENCE", 0.5)
    caplog.set_level(logging.WARNING)
    async with Gate(api.system.settings.redis_url).running() as gate, another(api, **STRICT, rate_limits="auth=20/60", redis_url=gate.url) as strict:
        user = await api.account()
        ask = lambda: strict("GET", ME, user.headers)  # noqa: E731 — short for what follows.
        assert limits_of(await ask())[3] == 19
        gate.shut(how)
        began = time.monotonic()
        answers = [await ask() for _ in range(30)]
        assert time.monotonic() - began < 30 * fallback.PATIENCE, "each waited for it"
        assert Counter(answer.status_code for answer in answers) == {200: 20, 429: 10}
        assert told(caplog) == ["Redis is away: each process goes on alone"]
        assert 'daybook_without_redis{what="rate limits"} 1.0' in (await strict("GET", "/metrics")).text
        gate.shut("open")
        await eventually(lambda: counts_together(ask), 5)
        assert told(caplog) == ["Redis is away: each process goes on alone", "Redis is back"]
        assert 'daybook_without_redis{what="rate limits"} 0.0' in (await strict("GET", "/metrics")).text


async def counts_together(ask) -> bool:
    """Redis knows of one request of before and those since; this process alone has counted more than twenty."""
    return (await ask()).status_code == 200


def told(caplog) -> list[str]:
    return [record.message for record in caplog.records if getattr(record, "what", "") == "rate limits"]


async def test_every_operation_says_that_it_may_be_too_much(api: Api):
    document = (await api("GET", "/openapi.json")).json()
    told = {"RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path.startswith(("/live", "/ready", "/health", "/metrics")):
                assert "429" not in operation["responses"], path
                continue
            assert "429" in operation["responses"], (method, path)
            late = operation["responses"]["429"]
            assert set(late["headers"]) >= {*told, "Retry-After"}, (method, path)
            for status, response in operation["responses"].items():
                if status.startswith("2"):
                    assert set(response["headers"]) >= told, (method, path, status)


async def test_only_one_waits_to_see_whether_redis_is_back(monkeypatch):
    monkeypatch.setattr(fallback, "PATIENCE", 0.05)
    monkeypatch.setattr(fallback, "AWAY", 0.2)
    ask, tried = fallback.Fallback("a test"), []

    async def stuck() -> str:
        tried.append(1)
        return await asyncio.Event().wait() and ""

    async def instead() -> str:
        return "alone"

    async def tried_again() -> bool:
        assert {*await asyncio.gather(*(ask(stuck, instead) for _ in range(20)))} == {"alone"}
        return len(tried) > 20

    assert await asyncio.gather(*(ask(stuck, instead) for _ in range(20))) == ["alone"] * 20
    await eventually(tried_again, 3)
    assert len(tried) == 21
