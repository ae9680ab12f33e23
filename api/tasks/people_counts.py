"""Everybody with how many tasks they have."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.response import Stream

from api.shared.parts import parts
from api.shared.querying import Cursor, Limit, Page, page, read_cursor, streamed, viewer, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from projections.identity.people import Shown, Wanted, accounts
from projections.shared.reading import Freshness
from projections.tasks.task_counts import TASK_COUNTS, owned_by

PART: Final = 1000


class CountedAccount(Shown, frozen=True):
    """An account, and how many tasks it owns."""

    task_count: int


@query("/api/v1/admin/users", needs="users:read", answers=Page[CountedAccount], tags=["tasks"])
async def list_users_with_counts(
    request: Req, fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes] | Stream:
    """All accounts in the order they were opened, each with how many tasks it owns; all of them where no `limit` is given."""
    (after,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    size = limit or PART
    shown, following, seen = await _part(request, fresh, size, after)
    if limit is None and following is not None:

        async def rest() -> AsyncIterator[Sequence[Any]]:
            yield shown
            then: UUID | None = following
            while then is not None:
                now, then, _ = await _part(request, Freshness(allow_stale=True), size, then)
                yield now

        return streamed(rest(), lambda one: write_cursor(request, one.id), parts(request).rules.list_unbounded_max, seen.position)
    link = None if following is None else write_cursor(request, following)
    return page(request, shown, position=seen.position, following=link, stale=seen.stale, incomplete=seen.incomplete)


async def _part(request: Req, fresh: Freshness, size: int, after: UUID | None) -> tuple[list[CountedAccount], UUID | None, Any]:
    """Accounts with their counts: one statement for rows, one for keys of names, one script for counts, however many they are."""
    known = parts(request)
    found, seen = await accounts(known.tables, known.names, viewer(request), Wanted(), fresh, limit=size + 1, after=after)
    some = found[:size]
    groups = [owned_by(one.id) for one in some]
    counts = (await known.caches.groups(TASK_COUNTS, groups, ["total"], fresh))[0] if groups else {}
    shown = [CountedAccount(**msgspec.structs.asdict(one), task_count=counts[owned_by(one.id)]["total"]) for one in some]
    return shown, some[-1].id if len(found) > size else None, seen
