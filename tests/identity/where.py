"""Where a running Daybook's log stands, as processes ask it before they believe Redis."""

from uuid import UUID

from tests.http.daybook import Api


async def where_it_is(api: Api) -> tuple[UUID, int]:
    """Which log this is, and its newest position."""
    ((log_id, position),) = await api.system.log.reads("select log_id, (select max(position) from events) from log_identity")
    return log_id, position
