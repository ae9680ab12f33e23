"""Every operation that takes a body, and asking it with another one as somebody who may."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.http.daybook import Account, Api
from tests.http.operations import Operation, operations

NODE = {"claim_tasks", "set_node_capacity"}
"""What only a worker node asks."""


def with_bodies(api: Api, kind: str = "application/json") -> dict[str, Operation]:
    """Operations whose body is of this kind; without the one that looks at a signature over the bytes before it reads them."""
    return {name: one for name, one in operations(api).items() if one.form == kind and name != "tell_payment"}


class Asking(dict[str, Account]):
    """Callers who may: an administrator for most, a node for what is a node's. New ones once they ended their own session."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    async def __call__(self, one: Operation, **body: Any) -> httpx.Response:
        """Ask with this body (`json`, `content`, `headers` …)."""
        role = "node" if one.name in NODE else "admin"
        if role not in self:
            self[role] = await self._api.account(role)
        headers = {"Idempotency-Key": uuid4().hex} | self[role].headers | body.pop("headers", {})
        answer = await self._api(one.method, one.address(), headers, **body)
        if answer.status_code < 300:
            del self[role]
        return answer


@pytest.fixture(scope="module")
def asking(api: Api) -> Asking:
    """Somebody who may ask anything."""
    return Asking(api)
