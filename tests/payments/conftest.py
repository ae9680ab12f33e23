"""One Daybook that knows what its payment provider signs with, and one provider that misbehaves on command."""

from collections.abc import AsyncIterator

import pytest

from tests.http.daybook import Api, shared
from tests.payments.misbehaving import Misbehaving, misbehaving
from tests.servers import Servers

SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_bmV3IHNlY3JldCBvZiB0aGUgcHJvdmlkZXI=")


@pytest.fixture(scope="package")
async def api(servers: Servers) -> AsyncIterator[Api]:
    async with shared(servers, payment_webhook_secret=" ".join(SECRETS), payment_duration=0) as running:
        yield running


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Misbehaving]:
    async with misbehaving() as running:
        yield running
