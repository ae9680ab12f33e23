"""The read model of accounts, folded anew from the log whenever it is asked."""

from typing import Any
from uuid import UUID

from projections.identity.people import PEOPLE, Account
from projections.shared.reading import Freshness, Seen, SeenMany
from tests.identity.small_daybook import Identity

FITS = {
    "id > %b": lambda row, after: row.id > after,
    "id = %b": lambda row, wanted: row.id == wanted,
    "active = %b": lambda row, wanted: row.active is wanted,
    "%b = any(string_to_array(roles, ' '))": lambda row, role: role in row.roles.split(),
}


def folded(identity: Identity) -> dict[UUID, Account]:
    """What a rebuild makes of the log."""
    rows: dict[UUID, Account] = {}
    for recorded in identity.log.recorded:
        if isinstance(recorded.event, PEOPLE.listens):
            for key in PEOPLE.keys(recorded):
                row = PEOPLE.fold(key, rows.get(key), recorded)
                assert row is not None
                rows[key] = row
    return rows


class Rows:
    """Tables that hold the fold of the log."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    async def one(self, _model: Any, key: UUID, _fresh: Freshness) -> Seen[Account]:
        return Seen(folded(self.identity).get(key), len(self.identity.log.recorded))

    async def many(self, _model: Any, where: str, arguments: tuple[Any, ...], _fresh: Freshness) -> SeenMany[Account]:
        *wanted, limit = arguments
        conditions = [FITS[one] for one in where.removeprefix("where ").removesuffix(" order by id limit %b").split(" and ")]
        tried = list(zip(conditions, wanted, strict=True))
        rows = [row for _, row in sorted(folded(self.identity).items()) if all(fits(row, value) for fits, value in tried)]
        return SeenMany(rows[:limit], len(self.identity.log.recorded))
