"""What a process has only counted is written when its time is over, and before it ends."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec

from tests.eventually import eventually
from tests.http.daybook import Account, Api
from tests.http.listening import listening
from tests.security.instances import another


async def summed_up(api: Api, who: Account) -> list[int]:
    rows = await api.system.log.reads("select data from events where type = 'audit.summed_up' order by position")
    told: list[dict[str, Any]] = [msgspec.json.decode(bytes(data)) for (data,) in rows]
    return [one["count"] for one in told if one.get("caller_id") == who.id]


async def refused(ask: Any, who: Account, times: int) -> None:
    answers = await asyncio.gather(*(ask("GET", "/api/v1/users", headers=who.headers) for _ in range(times)))
    assert {answer.status_code for answer in answers} == {403}


async def test_a_web_server_that_ends_writes_what_it_counted(api):
    ann = await api.account()
    async with another(api) as process:
        async with listening(process) as http:
            await refused(http.request, ann, 14)
            assert await summed_up(api, ann) == []
        assert await summed_up(api, ann) == [4]


async def test_a_minute_that_is_over_is_summed_up_while_the_process_goes_on(api, monkeypatch):
    monkeypatch.setattr("application.audit.incidents.WINDOW", timedelta(seconds=2))
    ann = await api.account()
    async with another(api) as process, listening(process) as http:
        await refused(http.request, ann, 13)

        async def there() -> bool:
            return sum(await summed_up(api, ann)) == 3

        await eventually(there)
