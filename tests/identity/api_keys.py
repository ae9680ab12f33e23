"""Making and using API keys in tests."""

from typing import Any

import httpx

from tests.eventually import eventually
from tests.http.daybook import Api

KEYS = "/api/v1/api-keys"
READ = {"name": "nightly import", "scopes": ["self:read", "tasks:read"]}


async def issued(api: Api, who: dict[str, str], **more: Any) -> dict[str, Any]:
    made = await api("POST", KEYS, who, json=READ | more)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    assert made.headers["location"] == f"{KEYS}/{found['id']}"
    return found


def using(key: Any) -> dict[str, str]:
    return {"X-API-Key": key["key"] if isinstance(key, dict) else key}


async def me(api: Api, headers: dict[str, str]) -> httpx.Response:
    return await api("GET", "/api/v1/auth/me", headers)


async def works(api: Api, key: Any) -> bool:
    answer = await me(api, using(key))
    assert answer.status_code in {200, 401, 403}
    return bool(answer.status_code == 200)


async def stops_on(api: Api, key: Any) -> None:
    async def stopped() -> bool:
        return not await works(api, key)

    await eventually(stopped, 1)
