"""All that is kept about a person, for themselves."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar.response import Stream

from api.identity.fields import AccountView
from api.shared.access import caller
from api.shared.commanding import context
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import query
from application.identity.export import ExportPersonalData
from application.identity.personal import Person
from projections.identity.api_keys import ShownKey, api_keys
from projections.identity.export import History, Linked, Told
from projections.identity.sessions import ShownSession, open_sessions
from projections.orders.own import OwnOrder, own_orders
from projections.payments.payment_search import ShownPayment, Sought, payments
from projections.shared.reading import Freshness

PART: Final = 200
ANY: Final = Freshness(allow_stale=True)
_encode = msgspec.json.Encoder().encode


class PersonalData(msgspec.Struct, frozen=True):
    """The account, what belongs to it, and every event by or about the person, as of a position of the log."""

    account: AccountView
    sessions: list[ShownSession]
    api_keys: list[ShownKey]
    orders: list[OwnOrder]
    payments: list[ShownPayment]
    events: list[Told]
    linked_identities: list[Linked]
    position: int


@query("/api/v1/users/me/export", needs="self:read", answers=PersonalData, limit="export", tags=["identity"])
async def export_personal_data(request: Req) -> Stream:
    """Everything that is kept about oneself, in clear, written while it is read; nothing of it is stored. Not for keys and programs."""
    about = msgspec.structs.replace(await context(request), key=None)
    outcome = await parts(request).dispatch(ExportPersonalData(), about)
    headers = {"Cache-Control": "no-store", "Daybook-Position": str(outcome.position)}
    headers["Content-Disposition"] = 'attachment; filename="daybook-personal-data.json"'
    return Stream(_written(request, outcome.result, outcome.position), media_type="application/json", headers=headers)


async def _written(request: Req, person: Person, position: int) -> AsyncIterator[bytes]:
    known = parts(request)
    history = History(known.traces, known.names, person.id)
    lists: dict[str, AsyncIterator[Sequence[Any]]] = {
        "sessions": _all(partial(_sessions, request, person.id)),
        "api_keys": _all(partial(_keys, request, person.id)),
        "orders": _all(partial(_orders, request, person.id)),
        "payments": _all(partial(_payments, request, person.id)),
        "events": history.events(position),
        "linked_identities": history.linked(),
    }
    yield b'{"account":' + _encode(msgspec.convert(person, AccountView, from_attributes=True))
    for name, found in lists.items():
        yield b',"%b":[' % name.encode()
        begun = False
        async for part in found:
            if part:
                yield (b"," if begun else b"") + _encode(part)[1:-1]
                begun = True
        yield b"]"
    yield b',"position":%d}' % position


async def _all(part: Callable[[UUID | None], Awaitable[Sequence[Any]]]) -> AsyncIterator[Sequence[Any]]:
    """A list to its end, part by part: each begins after the id the last one ended with."""
    shown = await part(None)
    yield shown
    while len(shown) == PART:
        shown = await part(shown[-1].id)
        yield shown


async def _sessions(request: Req, person_id: UUID, before: UUID | None) -> Sequence[ShownSession]:
    known, who, idle = parts(request), caller(request), parts(request).standing.idle
    shown, _ = await open_sessions(known.tables, known.log, known.names, person_id, ANY, idle=idle, limit=PART, current=who.session_id, before=before)
    return shown


async def _keys(request: Req, person_id: UUID, after: UUID | None) -> Sequence[ShownKey]:
    shown, _ = await api_keys(parts(request).tables, parts(request).names, ANY, limit=PART, owner_id=person_id, after=after)
    return shown


async def _orders(request: Req, person_id: UUID, before: UUID | None) -> Sequence[OwnOrder]:
    return await own_orders(parts(request).tables, person_id, ANY, limit=PART, before=before)


async def _payments(request: Req, person_id: UUID, before: UUID | None) -> Sequence[ShownPayment]:
    shown, _ = await payments(parts(request).tables, Sought(person_id), ANY, limit=PART, before=before)
    return shown
