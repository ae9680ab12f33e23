"""Who did something, as histories name them (requirement CF-65)."""

from collections.abc import Iterable
from typing import Final, Literal
from uuid import UUID

import msgspec

from api.shared.parts import parts
from api.shared.querying import viewer
from api.shared.request import Req
from projections.identity.masking import Viewer
from projections.identity.people import names_and_roles_of


class Principal(msgspec.Struct, frozen=True):
    """A person, a node, a program, or Daybook itself (the clock, reactions). `name`: masked for whom it does not concern; null where unknown."""

    type: Literal["user", "node", "service", "system"]
    id: UUID | None
    name: str | None


SYSTEM: Final = Principal("system", None, "system")


async def principals(request: Req, ids: Iterable[UUID | None], who_looks: Viewer | None = None) -> dict[UUID | None, Principal]:
    """Those who acted, by id; None is Daybook itself. `who_looks`: who sees which names, if not by the usual rule."""
    known, some = parts(request), list({one for one in ids if one is not None})
    found = await names_and_roles_of(known.tables, known.names, who_looks or viewer(request), some) if some else {}
    named: dict[UUID | None, Principal] = {None: SYSTEM}
    for one in some:
        name, role = found.get(one, (None, "user"))
        named[one] = Principal("node" if role == "node" else "service" if role == "service" else "user", one, name)
    return named
