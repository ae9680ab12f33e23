"""What the payment provider tells by itself."""

from typing import Final

import msgspec
from litestar import Response
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from api.shared.access import PUBLIC
from api.shared.bodies import decode
from api.shared.commanding import context
from api.shared.limits import UNLIMITED
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import command
from application.payments.call import LearnCharge
from application.payments.webhook import UPDATED, Message, PaymentMessage, WrongSignature
from domain.payments.charge import Charge
from domain.shared.refused import NotFound

MESSAGE: Final = msgspec.json.Decoder(Message)
PAYMENT: Final = msgspec.json.Decoder(PaymentMessage)
EXAMPLE: Final = {
    "type": UPDATED,
    "timestamp": "2026-03-01T12:00:00Z",
    "data": {
        "payment_id": "01930000-0000-7000-8000-000000000001",
        "currency": "GBP",
        "authorised": 339,
        "captured": 339,
        "voided": 0,
        "refunded": 0,
        "reference": "ch_7",
    },
}
TOLD: Final = {
    "webhook-id": "Names the message; the same one may come again.",
    "webhook-timestamp": "When it was sent, in seconds since 1970; within five minutes of now.",
    "webhook-signature": "`v1,` and the signature in base64; several with spaces between.",
}


def _described(operation: Operation) -> None:
    """The body and the headers in the document."""
    schema = Schema(type=OpenAPIType.OBJECT, required=["type"], properties={"type": Schema(type=OpenAPIType.STRING)})
    media = OpenAPIMediaType(schema=schema, examples={"usual": Example(value=EXAMPLE)})
    operation.request_body = RequestBody(required=True, content={"application/json": media})
    text = Schema(type=OpenAPIType.STRING)
    named = [Parameter(name=name, param_in="header", description=meaning, schema=text, required=True) for name, meaning in TOLD.items()]
    operation.parameters = [*(operation.parameters or []), *named]


@command("/api/v1/payments/webhook", needs=PUBLIC, status=204, limit=UNLIMITED, tags=["payments"], reads=PaymentMessage, further=_described)
async def tell_payment(request: Req) -> Response[None]:
    """Tell how a payment stands (for the payment provider; `docs/payment-provider.md` says all that one has to know).

    Standard Webhooks: signed with `PAYMENT_WEBHOOK_SECRET` over the body as it came; what is not, or is older than five minutes, is 401. What
    is known already, was overtaken by newer news or is of another type changes nothing and is 204, so it may come as often and as late as it
    likes. 404: there is no such payment, or no secret is set; 409 `provider_disagrees`: amounts that nobody asked for, or
    another currency. Both are worth sending
    again.
    """
    known = parts(request)
    if not all(request.headers.get(name) for name in TOLD):
        raise WrongSignature
    if known.signatures is None:
        raise NotFound
    body = await request.body()
    known.signatures.check(request.headers, body)
    if decode(MESSAGE, body).type == UPDATED:
        told = decode(PAYMENT, body).data
        charge = Charge(**{name: getattr(told, name) for name in Charge.__struct_fields__})
        await known.dispatch(LearnCharge(payment_id=told.payment_id, charge=charge), await context(request))
    return Response(None, status_code=204)
