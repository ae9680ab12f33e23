"""What the provider tells by itself: as often, as late and in any order as it likes; and nobody else in its name."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from standardwebhooks import Webhook

from domain.payments.payment import Payment, payment_id
from infra.app import new_id
from infra.http.application import application
from tests.eventually import eventually
from tests.http.daybook import misfits, problem
from tests.orders.shop import an_order, ended, keyed, seen
from tests.payments.conftest import SECRETS
from tests.payments.making import a_captured_payment, a_payment_that_is_asked_for

PATH = "/api/v1/payments/webhook"
HELD, TAKEN = {"authorised": 339, "captured": 0}, {"authorised": 339, "captured": 339}
BACK = TAKEN | {"refunded": 339}


def message(payment_id, **charge):
    return json.dumps({"type": "payment.updated", "timestamp": "2026-03-01T12:00:00Z", "data": {"payment_id": str(payment_id), **charge}})


def signed(body, *secrets, at=None, name=None):
    """The headers of a message."""
    name, at = name or f"msg_{uuid4().hex}", at or datetime.now(UTC)
    signatures = [Webhook(secret).sign(name, at, body) for secret in secrets or SECRETS[:1]]
    return {"webhook-id": name, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": " ".join(signatures)}


async def told(api, body, headers=None):
    return await api("POST", PATH, None, content=body, headers={"content-type": "application/json"} | (signed(body) if headers is None else headers))


async def learnt(api, payment_id, **charge):
    answer = await told(api, message(payment_id, **charge))
    assert answer.status_code == 204, answer.text


async def facts(api, payment_id):
    """What is known of the money, and how often each was learnt."""
    payment, _ = await api.system.log.load(Payment, payment_id)
    events = [recorded.event for recorded in await api.system.reader.stream(payment_id, 2**62)]
    kinds = [type(event).__name__ for event in events]
    charge = payment.told
    return (charge.authorised, charge.captured, charge.voided, charge.refunded), [
        kinds.count(f"Payment{word}") for word in ("Authorised", "Captured")
    ]


async def test_the_same_news_five_times_in_any_order_is_one_fact(api):
    payment = await a_payment_that_is_asked_for(api.system)
    bodies = [message(payment.id, **charge) for charge in (TAKEN, HELD, TAKEN, {}, HELD, TAKEN, TAKEN, TAKEN)]
    headers = signed(bodies[0], name="msg_again")
    answers = await asyncio.gather(*(told(api, body) for body in bodies), *(told(api, bodies[0], headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {204}
    assert await facts(api, payment.id) == ((339, 339, 0, 0), [1, 1])


async def test_news_that_come_before_the_answer_are_the_answer(api):
    payment = await a_payment_that_is_asked_for(api.system)
    await learnt(api, payment.id, **HELD)
    known, _ = await api.system.log.load(Payment, payment.id)
    assert (known.is_authorised, known.call) == (True, None)
    assert known.answered(payment.call.key, known.told, api.system.log.now(), None, 0) == []


async def test_what_was_taken_although_it_was_cancelled_goes_back(api):
    payment = await a_payment_that_is_asked_for(api.system, cancelled=True)
    await learnt(api, payment.id, **TAKEN)
    known, _ = await api.system.log.load(Payment, payment.id)
    assert (known.told.captured, known.is_captured) == (339, False)
    await learnt(api, payment.id, **BACK)
    await learnt(api, payment.id, **HELD)
    assert (await facts(api, payment.id))[0] == (339, 339, 0, 339)


async def test_what_goes_back_in_part_shows_in_the_order_and_only_the_rest_is_left_to_refund(api):
    ann, admin = await api.account(), await api.admin()
    order_id = (await an_order(api, ann.headers))["id"]
    await ended(api, ann.headers, order_id, "completed")
    await learnt(api, payment_id(UUID(order_id), 1), authorised=500, captured=500, refunded=200)

    async def shows():
        shown = await seen(api, ann.headers, order_id)
        return shown if shown["refunded_amount"]["amount"] else None

    shown = await eventually(shows)
    assert (shown["status"], shown["payment_status"], shown["refunded_amount"]["amount"]) == ("completed", "captured", 200)
    assert [one["message"] for one in shown["timeline"][-2:]] == ["2.00 GBP: The payment provider gave the money back.", "2.00 GBP"]
    refused = await api("POST", f"/api/v1/orders/{order_id}/refund", keyed(admin), json={"reason": "Broken.", "amount": 301})
    assert (problem(refused), refused.json()["refundable"]) == ((409, "nothing_to_refund"), 300)


@pytest.mark.parametrize("secrets", [SECRETS[:1], SECRETS[1:], ("whsec_" + "A" * 32, SECRETS[1])])
async def test_while_the_secret_changes_either_is_good_and_so_is_one_good_signature_among_others(api, secrets):
    payment = await a_captured_payment(api.system, new_id())
    body = message(payment.id, **TAKEN)
    assert (await told(api, body, signed(body, *secrets))).status_code == 204


async def test_what_is_not_signed_with_our_secret_lately_is_not_heard(api):
    payment = await a_payment_that_is_asked_for(api.system)
    body, now = message(payment.id, **HELD), datetime.now(UTC)
    good = signed(body)
    bad = [
        {},
        signed(body, "whsec_" + "A" * 32),
        signed(body, at=now - timedelta(seconds=310)),
        signed(body, at=now + timedelta(seconds=310)),
        good | {"webhook-id": "msg_other"},
        good | {"webhook-timestamp": str(int(now.timestamp()) - 1)},
        good | {"webhook-timestamp": "nan"},
        good | {"webhook-timestamp": "9" * 40},
        good | {"webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
        good | {"webhook-signature": "v1,!"},
        good | {"webhook-signature": "v1,ä".encode()},
        good | {"webhook-signature": "v1"},
        signed(body.replace(" ", "")),
    ]
    for headers in bad:
        assert problem(await told(api, body, headers)) == (401, "wrong_signature"), headers
    assert problem(await told(api, b"\xff" + body.encode(), good)) == (401, "wrong_signature")
    assert (await facts(api, payment.id))[0] == (0, 0, 0, 0)
    spoilt = good | {"webhook-signature": f"v1 v1,! x,y,z {good['webhook-signature']}"}
    assert (await told(api, body, spoilt)).status_code == 204


async def test_what_is_signed_but_makes_no_sense_is_answered_so_that_it_is_worth_sending_again_or_not(api):
    payment = await a_captured_payment(api.system, new_id())
    for other in ({"data": [1]}, {"timestamp": 1795217410, "data": 7}):
        assert (await told(api, json.dumps({"type": "payout.created"} | other))).status_code == 204
    for unknown in (uuid4(), payment.order_id):
        assert problem(await told(api, message(unknown, **HELD))) == (404, "not_found")
    wrong = await told(api, message(payment.id, authorised=340))
    assert problem(wrong) == (409, "provider_disagrees")
    assert wrong.json()["detail"] == "Of 3.39 GBP: 3.40 GBP authorised, 3.39 GBP captured, 0.00 GBP voided, 0.00 GBP refunded."
    foreign = await told(api, message(payment.id, currency="USD", **TAKEN))
    assert (problem(foreign), foreign.json()["detail"]) == ((409, "provider_disagrees"), "It is about 3.39 GBP, not about USD.")
    assert (await told(api, message(payment.id, currency="GBP", **TAKEN))).status_code == 204
    assert misfits(await told(api, message(payment.id, currency="usd"))) == [("/data/currency", "wrong_format")]
    assert problem(await told(api, "{")) == (400, "malformed_json")
    assert misfits(await told(api, message(payment.id, captured=-1))) == [("/data/captured", "out_of_range")]
    assert problem(await told(api, message(payment.id, note="x" * 1_100_000))) == (413, "payload_too_large")


async def test_where_no_secret_is_set_nobody_tells_anything(api):
    payment = await a_payment_that_is_asked_for(api.system)
    body = message(payment.id, **HELD)
    deaf = api.client(application(msgspec.structs.replace(api.parts, signatures=None), api.health))
    async with deaf:
        assert problem(await deaf.post(PATH, content=body, headers=signed(body))) == (404, "not_found")
