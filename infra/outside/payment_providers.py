"""The payment provider of the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from application.payments.gateway import Gateway
from infra.outside.breaker import Breaker
from infra.outside.payment_guard import GuardedGateway
from infra.outside.payment_http import HttpGateway
from infra.outside.payment_simulator import Manner, PaymentSimulator
from infra.postgres.connections import pool
from infra.settings import Settings

CONNECTIONS: Final = 4


@asynccontextmanager
async def gateway_of(settings: Settings, breaker: Breaker) -> AsyncIterator[Gateway]:
    """Who is asked, and what hears how that goes; closed in the end."""
    if settings.payment_provider == "http":
        provider = HttpGateway(settings.payment_provider_url, settings.payment_provider_key, settings.payment_timeout)
        try:
            yield GuardedGateway(provider, breaker)
        finally:
            await provider.close()
        return
    async with pool(settings.database_url, name="payment-simulator", size=CONNECTIONS) as memory:
        simulator = PaymentSimulator(memory, manner(settings))
        try:
            yield GuardedGateway(simulator, breaker)
        finally:
            await simulator.close()


def manner(settings: Settings) -> Manner:
    """How the settings want the simulator to behave."""
    return Manner(settings.payment_duration / 1000, settings.payment_failed_probability, settings.payment_seed, settings.payment_timeout)
