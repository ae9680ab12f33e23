"""A payment provider that is spoken to over HTTP, in the plain protocol that `docs/payment-provider.md` writes down for whoever builds one."""

import asyncio
import logging
from typing import Annotated, Any, Final, NoReturn
from uuid import UUID

import httpx
import msgspec
from msgspec import Meta

from application.payments.gateway import Declined, NotDone, OutcomeUnknown
from domain.payments.charge import Amount, Charge, Currency, Reference
from domain.payments.step import Step
from domain.shared.money import Money

log = logging.getLogger(__name__)
LARGEST: Final = 65_536
"""Bytes of an answer."""
DECLINED: Final = 402
NOT_DONE: Final = frozenset({400, 409, 422})
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


class Stands(msgspec.Struct, frozen=True):
    """How a payment stands, as the provider spells it."""

    authorised: Amount
    captured: Amount
    voided: Amount
    refunded: Amount
    currency: Currency = ""
    reference: Reference = ""


class Why(msgspec.Struct, frozen=True):
    """Why it did not."""

    code: Annotated[str, Meta(pattern="^[a-z0-9_]{1,64}$")]
    message: Annotated[str, Meta(min_length=1, max_length=500)]


class HttpGateway:
    """The provider at an address; `close` in the end. Each call has a connection of its own: an answer that comes twice, or too late, would
    be taken for the answer to the next call, about somebody else's money.
    """

    def __init__(self, url: str, key: str, patience: float, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._patience = patience
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json", "Accept-Encoding": "identity"},
            follow_redirects=False,
            timeout=httpx.Timeout(patience, connect=patience / 2),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
            transport=transport,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def carry_out(self, step: Step, payment_id: UUID, amount: Money, key: str) -> Charge:
        """Ask for a step. Raises `Declined`, `NotDone`, `OutcomeUnknown`."""
        wish = {"amount": amount.amount, "currency": amount.currency}
        try:
            status, body = await self._ask("POST", f"payments/{payment_id}/{step.value}", json=wish, headers={"Idempotency-Key": key})
        except NEVER_SENT as error:
            raise NotDone("provider_unreachable", "The payment provider cannot be reached.", answered=False) from error
        if 400 <= status < 500:
            _refuse(status, body)
        return _charge(status, body)

    async def query(self, payment_id: UUID) -> Charge:
        """How it stands. Raises `OutcomeUnknown` unless the provider says so."""
        try:
            status, body = await self._ask("GET", f"payments/{payment_id}")
        except NEVER_SENT as error:
            raise OutcomeUnknown(_said(error)) from error
        return _charge(status, body)

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[int, bytes]:
        """Status and body; all of it within one patience. Raises those of `NEVER_SENT`, and `OutcomeUnknown`."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience), self._http.stream(method, path, **more) as answer:
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > LARGEST:
                        raise OutcomeUnknown("the provider's answer is too long")
                return answer.status_code, bytes(body)
        except NEVER_SENT:
            raise
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, OSError) as error:
            raise OutcomeUnknown(_said(error)) from error


def _said(error: Exception) -> str:
    is_late = isinstance(error, (httpx.TimeoutException, TimeoutError))
    return "the provider did not answer in time" if is_late else f"the connection to the provider failed ({type(error).__name__})"


def _charge(status: int, body: bytes) -> Charge:
    if status != 200:
        raise OutcomeUnknown(f"the provider answered {status}")
    try:
        stands = msgspec.json.decode(body, type=Stands)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OutcomeUnknown("the provider's answer cannot be read") from error
    return Charge(**msgspec.structs.asdict(stands))


def _refuse(status: int, body: bytes) -> NoReturn:
    try:
        why = msgspec.json.decode(body, type=Why)
    except (msgspec.DecodeError, UnicodeDecodeError):
        why = Why("refused", f"The payment provider answered {status}.")
    if status == DECLINED:
        raise Declined(why.code, why.message)
    if status in NOT_DONE:
        raise NotDone(why.code, why.message)
    # What it says here is about Daybook, such as its key, and no business of the customer who reads why a payment failed.
    log.warning("the payment provider does not look at a call", extra={"status": status, "why": f"{why.code}: {why.message}"})
    raise NotDone("provider_refused", "The payment provider cannot take payments now.", answered=False)
