"""Nodes: who there is, who is alive, draining and capacity; and the sweep that administrators may start by hand."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out, context
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, viewer, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query
from application.shared.context import SYSTEM, Context
from application.tasks.node import DrainNode, ResumeNode, SeeNode, SetNodeCapacity
from domain.shared.refused import NotFound, Refused
from projections.identity.people import names_of
from projections.shared.read_model import READ_MODELS
from projections.shared.reading import FIRST_ID, Freshness, ProjectionNotReady
from projections.tasks.nodes import NODES as NODE_MODEL
from projections.tasks.nodes import NodeRow
from projections.tasks.task_counts import TASK_COUNTS, assigned_to

SILENT = timedelta(seconds=90)
GONE = timedelta(minutes=10)


class NodeState(msgspec.Struct, frozen=True):
    """A node after a command."""

    node_id: UUID
    draining: bool
    capacity: int | None
    last_seen_at: datetime | None


class NodeView(msgspec.Struct, frozen=True):
    """A node. `status`: online (heard of in 90 s), stale (in 10 min), offline. `running`: null while that is not known."""

    id: UUID
    name: str
    active: bool
    status: Literal["online", "stale", "offline"]
    draining: bool
    capacity: int | None
    running: int | None
    last_seen_at: datetime | None
    known_since: datetime


class Capacity(Body, frozen=True, kw_only=True):
    """How many tasks at once; null: as many as it claims."""

    capacity: Annotated[int, Meta(ge=1, le=10_000)] | None


class Collected(msgspec.Struct, frozen=True):
    """How many leases had run out and were ended now, and of which tasks."""

    collected: int
    task_ids: list[UUID]


@query("/api/v1/nodes", needs="nodes:read", answers=Page[NodeView], tags=["nodes"])
async def list_nodes(request: Req, fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None) -> Response[bytes]:
    """All nodes, oldest first."""
    most, after = limit or DEFAULT_LIMIT, read_cursor(request, cursor, tuple[UUID]) or (FIRST_ID,)
    rest = "where is_node and node_id > %b order by node_id limit %b"
    seen = await parts(request).tables.many(NODE_MODEL, rest, (after[0], most + 1), fresh)
    shown = seen.rows[:most]
    following = write_cursor(request, shown[-1].node_id) if len(seen.rows) > most else None
    views = await _views(request, shown)
    return page(request, views, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query("/api/v1/nodes/{node_id:uuid}", needs="nodes:read", answers=NodeView, tags=["nodes"])
async def get_node(request: Req, node_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One node."""
    seen = await parts(request).tables.many(NODE_MODEL, "where is_node and node_id = %b", (node_id,), fresh)
    if not seen.rows:
        raise NotFound
    view = (await _views(request, seen.rows))[0]
    headers = {"Daybook-Position": str(seen.position), "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(view), media_type="application/json", headers=headers)


async def _views(request: Req, rows: Any) -> list[NodeView]:
    known = parts(request)
    try:
        groups = [assigned_to(row.node_id) for row in rows]
        counts, _, _ = await known.caches.groups(TASK_COUNTS, groups, ["in_progress"], Freshness()) if groups else ({}, 0, False)
    except ProjectionNotReady:
        counts = {}
    names = await names_of(known.tables, known.names, viewer(request), [row.node_id for row in rows])
    return [_view(row, names.get(row.node_id, ""), counts.get(assigned_to(row.node_id)), known.log.now()) for row in rows]


def _view(row: NodeRow, name: str, counts: dict[str, int] | None, now: datetime) -> NodeView:
    silent = timedelta.max if row.last_seen_at is None else now - row.last_seen_at
    status: Literal["online", "stale", "offline"] = "online" if silent < SILENT else "stale" if silent < GONE else "offline"
    running = None if counts is None else counts["in_progress"]
    return NodeView(row.node_id, name, row.active, status, row.draining, row.capacity, running, row.last_seen_at, row.known_since)


@command("/api/v1/nodes/{node_id:uuid}/drain", needs="nodes:manage", answers=NodeState, tags=["nodes"])
async def drain_node(request: Req, node_id: FromPath[UUID]) -> Response[bytes]:
    """Give a node nothing new; its waiting tasks can be assigned to others with a batch."""
    return await carry_out(request, DrainNode(node_id=node_id), NodeState)


@command("/api/v1/nodes/{node_id:uuid}/resume", needs="nodes:manage", answers=NodeState, tags=["nodes"])
async def resume_node(request: Req, node_id: FromPath[UUID]) -> Response[bytes]:
    """Let a drained node work again."""
    return await carry_out(request, ResumeNode(node_id=node_id), NodeState)


@command("/api/v1/nodes/{node_id:uuid}/capacity", needs="nodes:manage", answers=NodeState, tags=["nodes"])
async def set_node_capacity(request: Req, node_id: FromPath[UUID], data: JSONBody[Capacity]) -> Response[bytes]:
    """Say how many tasks a node works on at once."""
    return await carry_out(request, SetNodeCapacity(node_id=node_id, capacity=data.capacity), NodeState)


@command("/api/v1/nodes/me/seen", needs="nodes:report", answers=NodeState, tags=["nodes"])
async def see_node(request: Req) -> Response[bytes]:
    """Give a sign of life without asking for work."""
    return await carry_out(request, SeeNode(), NodeState)


@command("/api/v1/admin/tasks/collect-expired", needs="tasks:expire", answers=Collected, tags=["nodes"])
async def collect_expired(request: Req) -> Response[bytes]:
    """End every lease that has run out, now; the clock does the same by itself. Said twice, nothing is ended twice."""
    known, _ = parts(request), await context(request)
    due = await known.tables.many(
        READ_MODELS["deadlines_tasks_lease"], "where due_at <= clock_timestamp() order by due_at limit 1000", (), Freshness(caller(request).id)
    )
    ended: list[UUID] = []
    for row in due.rows:
        try:
            outcome = await known.dispatch(row.wish(), Context(SYSTEM, known.new_id()))
        except Refused:
            continue
        if outcome.result is not None and outcome.result.failure_reason == "lock_expired":
            ended.append(row.id)
    return Response(msgspec.json.encode(Collected(len(ended), ended)), media_type="application/json", headers={"Cache-Control": "no-store"})
