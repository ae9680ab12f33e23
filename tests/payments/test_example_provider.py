"""The provider that the documentation shows is one: it keeps to the contract of every gateway, and what it tells is believed."""

import re
import threading
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import msgspec
import pytest

from application.payments.gateway import Declined, NotDone
from application.payments.webhook import PaymentMessage
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money
from infra.outside.payment_http import HttpGateway
from infra.security.webhook_signatures import WebhookSignatures

pytestmark = [pytest.mark.anyio, pytest.mark.server]
TEN = Money(1000, "GBP")
KEY, SECRET = "a key", "whsec_" + "c2VjcmV0" * 4


@pytest.fixture
def shown(monkeypatch):
    """What the document defines."""
    text = (Path(__file__).parents[2] / "docs/payment-provider.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for name, value in {"PROVIDER_KEY": KEY, "WEBHOOK_SECRET": SECRET, "DAYBOOK_URL": "http://daybook.example"}.items():
        monkeypatch.setenv(name, value)
    defined = {"__name__": "shown"}
    exec(compile(program, "payment-provider.md", "exec"), defined)  # noqa: S102 — our own document.
    return SimpleNamespace(**defined)


@pytest.fixture
async def asking(shown):
    server = shown.ThreadingHTTPServer(("127.0.0.1", 0), shown.Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = [HttpGateway(f"http://127.0.0.1:{server.server_port}/", key, 5) for key in (KEY, "another key")]
    yield made
    for gateway in made:
        await gateway.close()
    server.shutdown()
    server.server_close()


async def test_it_does_what_it_is_asked_once_and_says_how_that_stands(asking):
    gateway, stranger = asking
    payment = uuid4()
    assert await gateway.query(payment) == Charge()
    held = [await gateway.carry_out(Step.AUTHORISE, payment, TEN, "authorise") for _ in range(2)]
    assert held == [Charge(authorised=1000, currency="GBP", reference=f"ch_{str(payment)[-6:]}")] * 2
    with pytest.raises(NotDone) as why:
        await stranger.carry_out(Step.CAPTURE, payment, TEN, "capture")
    assert not why.value.answered
    assert (await gateway.query(payment)).captured == 0
    assert (await gateway.carry_out(Step.CAPTURE, payment, TEN, "capture")).captured == 1000
    assert (await gateway.carry_out(Step.REFUND, payment, Money(400, "GBP"), "some")).refunded == 400
    with pytest.raises(Declined):
        await gateway.carry_out(Step.REFUND, payment, TEN, "too much")
    assert (await gateway.query(payment)).refunded == 400
    with pytest.raises(Declined):
        await gateway.carry_out(Step.VOID, payment, TEN, "void")


def test_what_it_tells_is_signed_as_it_must_be(shown, monkeypatch):
    sent: list[urllib.request.Request] = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda request, **_: sent.append(request))
    payment = str(uuid4())
    shown.carry_out(payment, "authorise", {"amount": 1000, "currency": "GBP"}, "key")
    shown.tell(payment)
    (request,) = sent
    headers = {name.lower(): value for name, value in request.header_items()}
    WebhookSignatures(SECRET).check(headers, request.data)
    told = msgspec.json.decode(request.data, type=PaymentMessage).data
    assert (str(told.payment_id), told.authorised, told.currency) == (payment, 1000, "GBP")
    assert request.full_url == "http://daybook.example/api/v1/payments/webhook"
