"""The read model of accounts, folded anew from the log whenever it is asked."""

from typing import Any
from uuid import UUID

from domain.identity.role import Role
from projections.identity.people import PEOPLE, Account
from projections.shared.reading import Freshness, Seen, SeenMany
from tests.identity.small_daybook import Identity


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

    async def many(self, _model: Any, _where: str, arguments: tuple[Any, ...], _fresh: Freshness) -> SeenMany[Account]:
        *role, start, limit = arguments
        rows = [row for key, row in sorted(folded(self.identity).items()) if key > start and row.role in (role or list(Role))]
        return SeenMany(rows[:limit], len(self.identity.log.recorded))
