"""Who is signed in, as Redis remembers it: used only where it provably shows the log of a moment ago."""

import asyncio
import socket
import time
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.identity.session import LogOut
from domain.identity.session import Session
from domain.identity.user import User
from infra.redis.clients import client
from infra.redis.registry import FRESH, RedisRegistry
from projections.identity.standing import STANDING
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api
from tests.identity.where import where_it_is


def registry(api: Api, redis: Any = None) -> RedisRegistry:
    return RedisRegistry(redis or api.system.redis, lambda: where_it_is(api))


@pytest.fixture
async def somebody(api: Api) -> tuple[UUID, UUID]:
    """A session and its account, both known to Redis by now."""
    body = {"email": f"{uuid4().hex}@example.org", "name": "Ada", "password": PASSWORD}
    made = await api("POST", "/api/v1/auth/register", json=body)
    headers = {"Authorization": f"Bearer {made.json()['access_token']}"}
    session_id = UUID((await api("GET", "/api/v1/auth/me", headers)).json()["session_id"])
    ids = session_id, UUID(made.json()["user"]["id"])
    await is_known(api, ids)
    return ids


async def is_known(api: Api, ids: tuple[UUID, UUID]) -> None:
    await eventually(lambda: registry(api).find(*ids), 10, "Redis knows the session")


async def rows(api: Api) -> str:
    build = await api.system.redis.get(f"{{{STANDING.table}}}:active")
    return f"{{{STANDING.table}}}:b{build.decode()}:rows"


async def test_it_tells_what_the_log_would(api, somebody):
    session, user = await eventually(lambda: registry(api).find(*somebody), 10)
    assert session == (await api.system.log.load(Session, somebody[0]))[0]
    known, _ = await api.system.log.load(User, somebody[1])
    decisive = ("id", "roles", "active", "sessions_since", "spared")
    assert [getattr(user, name) for name in decisive] == [getattr(known, name) for name in decisive]


async def test_it_is_silent_as_long_as_it_lags_behind_the_log(api, somebody):
    async def further() -> tuple[UUID, int]:
        log_id, position = await where_it_is(api)
        return log_id, position + 1

    assert await RedisRegistry(api.system.redis, further).find(*somebody) is None


async def test_it_is_silent_where_it_remembers_another_log(api, somebody):
    async def another() -> tuple[UUID, int]:
        return uuid4(), 1

    assert await RedisRegistry(api.system.redis, another).find(*somebody) is None


async def test_it_is_silent_about_whom_it_does_not_know(api, somebody):
    assert await registry(api).find(uuid4(), somebody[1]) is None
    assert await registry(api).find(somebody[0], uuid4()) is None
    assert await registry(api).find(somebody[1], somebody[0]) is None


async def test_it_is_silent_once_a_single_row_was_lost_until_all_are_there_again(api, somebody):
    other = str(uuid4())
    await api.system.redis.hset(await rows(api), other, "{}")
    assert await registry(api).find(*somebody) is None
    await api.system.redis.hdel(await rows(api), other)
    await is_known(api, somebody)
    await api.system.redis.hdel(await rows(api), str(somebody[1]))
    assert await registry(api).find(*somebody) is None
    await api.account()
    await is_known(api, somebody)


async def test_it_is_silent_when_it_was_emptied_and_learns_everything_again(api, somebody):
    await api.system.redis.flushall()
    assert await registry(api).find(*somebody) is None
    await api.account()
    await is_known(api, somebody)


async def test_after_a_sign_out_it_tells_nothing_that_is_older(api, somebody):
    asked = []

    async def head() -> tuple[UUID, int]:
        asked.append(await where_it_is(api))
        return asked[-1]

    of_this_process = RedisRegistry(api.system.redis, head)
    await of_this_process.find(*somebody)
    await api.system.dispatch(LogOut(session_id=somebody[0]), api.system.context())
    of_this_process.forget()
    assert await of_this_process.find(*somebody) is None
    assert len(asked) == 2
    assert asked[1][1] > asked[0][1]


async def test_the_log_is_asked_for_its_position_a_few_times_a_second_however_many_ask(api, somebody, monkeypatch):
    asked, clock = list[float](), SimpleNamespace(now=0.0)
    monkeypatch.setattr("infra.redis.registry.time", SimpleNamespace(monotonic=lambda: clock.now))

    async def head() -> tuple[UUID, int]:
        asked.append(clock.now)
        return await where_it_is(api)

    many = RedisRegistry(api.system.redis, head)
    for clock.now in (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0):
        for _ in range(2):
            await asyncio.gather(*(many.find(*somebody) for _ in range(20)))
    assert FRESH == 0.3
    assert asked == [0.1, 0.5, 0.9]


async def test_a_redis_that_is_away_is_not_waited_for_and_then_left_alone_for_a_moment(api, somebody, caplog, monkeypatch):
    away = client("redis://127.0.0.1:9/0")
    alone = registry(api, away)
    monkeypatch.setattr("infra.redis.registry.AWAY", 60)
    tries: list[Any] = []
    find = alone._find
    monkeypatch.setattr(alone, "_find", lambda **more: tries.append(more) or find(**more))
    for _ in range(100):
        assert await alone.find(*somebody) is None
    assert [one.levelname for one in caplog.records if one.name == "infra.redis.registry"] == ["WARNING"]
    assert len(tries) == 1
    await away.aclose()


async def test_a_redis_that_hangs_is_not_waited_for(api, somebody, monkeypatch):
    monkeypatch.setattr("infra.redis.registry.PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:  # connects, and never says a word
        hanging = client(f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        began = time.monotonic()
        assert await registry(api, hanging).find(*somebody) is None
        assert time.monotonic() - began < 1.9, "it waited as long as the client does"
        await hanging.aclose()


async def test_a_log_that_did_not_tell_its_position_is_asked_again(api, somebody):
    answers = iter([ConnectionError("away")])

    async def head() -> tuple[UUID, int]:
        for error in answers:
            raise error
        return await where_it_is(api)

    asked = RedisRegistry(api.system.redis, head)
    with pytest.raises(ConnectionError):
        await asked.find(*somebody)
    assert await eventually(lambda: asked.find(*somebody), 10)
