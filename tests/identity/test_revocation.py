"""What is revoked on one process can do nothing more within a second on another (security.md 5): with Redis, emptied, and without."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from application.identity.session import RefreshSession
from application.identity.standing import Standing
from domain.identity.errors import InvalidToken, RefreshReused
from infra.redis.clients import client
from infra.redis.registry import RedisRegistry
from projections.identity.standing import STANDING
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, daybook
from tests.identity.second_factors import bearer
from tests.identity.where import where_it_is
from tests.security.instances import another
from tests.servers import Database, Servers

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    async with daybook(module_database, servers.empty_redis(), refresh_grace_seconds=0) as running:
        yield running


@pytest.fixture(scope="module")
async def beside(api: Api) -> AsyncIterator[Api]:
    async with another(api) as made:
        yield made


@pytest.fixture(scope="module")
async def without_redis(api: Api) -> AsyncIterator[Api]:
    async with another(api, redis_url=NOWHERE) as made:
        yield made


Act = Callable[[Api, Any], Awaitable[Any]]


async def sign_out(api: Api, signed_in: Any) -> None:
    assert (await api("POST", "/api/v1/auth/logout", bearer(signed_in))).status_code == 204


async def sign_out_everywhere(api: Api, signed_in: Any) -> None:
    assert (await api("POST", "/api/v1/auth/logout-all", bearer(signed_in))).status_code == 204


async def end_as_administrator(api: Api, signed_in: Any) -> None:
    path = f"/api/v1/users/{signed_in.json()['user']['id']}/sessions"
    assert (await api("DELETE", path, await api.admin())).status_code == 204


async def disable(api: Api, signed_in: Any) -> None:
    path = f"/api/v1/users/{signed_in.json()['user']['id']}/disable"
    assert (await api("POST", path, await api.admin())).status_code == 200


async def use_a_spent_refresh_token(api: Api, signed_in: Any) -> None:
    wish = RefreshSession(refresh_token=signed_in.json()["refresh_token"])
    await api.system.dispatch(wish, api.system.context())
    with pytest.raises(RefreshReused):
        await api.system.dispatch(wish, api.system.context())


ACTS: list[Act] = [sign_out, sign_out_everywhere, end_as_administrator, disable, use_a_spent_refresh_token]


async def registered(api: Api) -> Any:
    body = {"email": f"{uuid4().hex}@example.org", "name": "Ada", "password": PASSWORD}
    answer = await api("POST", "/api/v1/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    return answer


async def works(api: Api, signed_in: Any) -> bool:
    answer = await api("GET", "/api/v1/auth/me", bearer(signed_in))
    assert answer.status_code in {200, 401, 403}, answer.text
    if answer.status_code != 200:
        assert answer.json()["code"] in {"invalid_token", "account_disabled"}
    return bool(answer.status_code == 200)


async def ends_within_a_second(act: Act, api: Api, other: Api, before: Callable[[], Awaitable[Any]] | None = None) -> None:
    """The other process refuses, though it is asked without a pause and so always remembers the session."""
    signed_in = await registered(api)
    for _ in range(50):
        assert await works(other, signed_in)
    if before is not None:
        await before()
        assert await works(other, signed_in)
    await act(api, signed_in)

    async def refused() -> bool:
        return not await works(other, signed_in)

    await eventually(refused, 1, f"{act.__name__} acts on the other process")


@pytest.mark.parametrize("act", ACTS)
async def test_revocation_acts_on_another(api, beside, act):
    await ends_within_a_second(act, api, beside)


@pytest.mark.parametrize("act", ACTS)
async def test_revocation_acts_when_redis_was_emptied_a_moment_before(api, beside, act):
    await ends_within_a_second(act, api, beside, api.system.redis.flushall)


@pytest.mark.parametrize("act", ACTS)
async def test_revocation_acts_where_redis_is_away(api, without_redis, act):
    await ends_within_a_second(act, api, without_redis)


async def test_revocation_acts_where_redis_has_ceased_to_follow_the_log(api):
    signed_in = await registered(api)
    claims = api.parts.tokens.verify(signed_in.json()["access_token"], api.system.log.now())
    async with client(f"{api.system.settings.redis_url.rpartition('/')[0]}/7") as frozen:
        registry = RedisRegistry(frozen, lambda: where_it_is(api))
        standing = Standing(api.system.log, registry)

        async def is_known_there() -> bool:
            for key in await api.system.redis.keys(f"*{STANDING.table}*"):
                await api.system.redis.copy(key, key, destination_db=7, replace=True)
            registry.forget()
            return await registry.find(claims.sid, claims.sub) is not None

        async def refused() -> bool:
            with suppress(InvalidToken):
                return not await standing.caller(claims)
            return True

        await eventually(is_known_there, 20)
        assert (await standing.caller(claims)).session_id == claims.sid
        await sign_out(api, signed_in)
        await eventually(refused, 1)


async def test_without_redis_people_sign_in_stay_signed_in_and_sign_out(without_redis):
    signed_in = await registered(without_redis)
    assert await works(without_redis, signed_in)
    token = signed_in.json()["refresh_token"]
    refreshed = await without_redis("POST", "/api/v1/auth/refresh", json={"refresh_token": token})
    assert refreshed.status_code == 200, refreshed.text
    assert await works(without_redis, refreshed)
    await sign_out(without_redis, refreshed)
    assert not await works(without_redis, refreshed)


async def test_what_was_proved_again_on_one_process_counts_on_another_within_a_second(api, beside):
    signed_in = await registered(api)

    async def auth_time(of: Api) -> Any:
        return (await of.parts.standing.caller(of.parts.tokens.verify(signed_in.json()["access_token"], of.system.log.now()))).authenticated_at

    first = await auth_time(beside)
    proved = await api("POST", "/api/v1/auth/reauthenticate", bearer(signed_in), json={"password": PASSWORD})
    assert proved.status_code == 200, proved.text
    assert await auth_time(api) > first

    async def is_seen() -> bool:
        return bool(await auth_time(beside) > first)

    await eventually(is_seen, 1)
