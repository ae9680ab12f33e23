"""Fetching what providers publish: bounded in time and size, without following redirects."""

import asyncio
from typing import Any, Final

import httpx
import msgspec

from domain.identity.errors import ProviderUnavailable

LARGEST: Final = 262_144
"""Bytes of an answer."""
PATIENCE: Final = 10.0
"""Seconds for one answer, from the first byte asked to the last one read."""


class Fetching:
    """One HTTP client for all providers, made when it is first needed: reading the certificates to trust takes a while."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.aclose()

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(transport=self._transport, follow_redirects=False, timeout=PATIENCE / 2)
        return self._client

    async def get(self, address: str, token: str = "") -> dict[str, Any]:
        """A JSON object; raises `ProviderUnavailable` for everything else."""
        status, told = await self._ask("GET", address, headers={"Authorization": f"Bearer {token}"} if token else {})
        if status != 200:
            raise ProviderUnavailable
        return told

    async def post(self, address: str, form: dict[str, str], proof: tuple[str, str] | None) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer to a form; raises `ProviderUnavailable` where there is none."""
        return await self._ask("POST", address, data=form, auth=proof or httpx.USE_CLIENT_DEFAULT)

    async def _ask(self, method: str, address: str, **more: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Accept": "application/json", **more.pop("headers", {})}
        try:
            async with asyncio.timeout(PATIENCE), self._http.stream(method, address, headers=headers, **more) as answer:
                body = bytearray()
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise ProviderUnavailable
                return answer.status_code, msgspec.json.decode(body, type=dict[str, Any])
        except (httpx.HTTPError, TimeoutError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ProviderUnavailable from error
