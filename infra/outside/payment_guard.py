"""The circuit breaker around a payment provider: it hears how each call went. Who asks looks at it first, and leaves the provider alone."""

from collections.abc import Awaitable
from uuid import UUID

from application.payments.gateway import Gateway, NotDone, Refusal
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money
from infra.outside.breaker import Breaker


class GuardedGateway:
    """A gateway whose breaker is told. A provider that declines works, and has its reasons."""

    def __init__(self, gateway: Gateway, breaker: Breaker) -> None:
        self._gateway = gateway
        self._breaker = breaker

    async def carry_out(self, step: Step, payment_id: UUID, amount: Money, key: str) -> Charge:
        """Take a step."""
        return await self._heard(self._gateway.carry_out(step, payment_id, amount, key))

    async def query(self, payment_id: UUID) -> Charge:
        """How it stands."""
        return await self._heard(self._gateway.query(payment_id))

    async def _heard(self, call: Awaitable[Charge]) -> Charge:
        try:
            charge = await call
        except Refusal as why:
            if isinstance(why, NotDone) and not why.answered:
                self._breaker.failed()
            else:
                self._breaker.succeeded()
            raise
        except Exception:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return charge
