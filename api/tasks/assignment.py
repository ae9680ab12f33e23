"""Giving tasks to nodes, and nodes taking them from their queue."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import Viewed, carry_out, context, with_position
from api.shared.parts import Parts, parts
from api.shared.request import Req
from api.shared.routing import command
from api.tasks.views import TaskView, task_is_there
from application.shared.context import Answer
from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.node import SeeNode
from domain.shared.aggregate import NOBODY
from domain.shared.refused import Conflict, NotFound, Refused
from domain.tasks.errors import NodeAtCapacity, NodeDraining
from domain.tasks.task import Task
from projections.shared.reading import Freshness
from projections.tasks.node_queue import NODE_QUEUE, queue_of
from projections.tasks.task_counts import TASK_COUNTS, assigned_to


class Assignment(Body, frozen=True, kw_only=True):
    """Who is to do it, and until when the lease lasts; `force` takes it from a node that has begun."""

    node_id: UUID
    lock_expires_at: datetime | None = None
    force: bool = False


class Claim(Body, frozen=True, kw_only=True):
    """How many tasks to take at most, how many seconds to wait for the first, how long the leases last."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 1
    wait: Annotated[float, Meta(ge=0, le=30)] = 0
    lease_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 60


class Claimed(msgspec.Struct, frozen=True):
    """The tasks that are the node's now, each with its token; empty when there was nothing to take."""

    items: list[TaskView]


class _NotStored(Viewed):
    """A claim that came too late is not what a retry should be told."""

    def refusal(self, refused: Refused) -> Answer | None:  # noqa: ARG002 — as in Viewed.
        """Not stored."""
        return None


@command("/api/v1/tasks/{task_id:uuid}/assign", needs="tasks:assign", answers=TaskView, tags=["assignment"], exists=task_is_there)
async def assign_task(request: Req, task_id: FromPath[UUID], data: JSONBody[Assignment]) -> Response[bytes]:
    """Assign a task to a node; the node that had it loses it at once."""
    wish = AssignTask(task_id=task_id, node_id=data.node_id, lock_expires_at=data.lock_expires_at, force=data.force)
    return await carry_out(request, wish, TaskView, of=Task)


@command("/api/v1/nodes/me/claim", needs="tasks:claim", answers=Claimed, tags=["assignment"])
async def claim_tasks(request: Req, data: JSONBody[Claim]) -> Response[bytes]:
    """Take waiting tasks of one's own queue, the most urgent first; waits for the first one if asked to."""
    known, node_id = parts(request), caller(request).id or NOBODY
    await known.dispatch(SeeNode(), (await context(request, "/seen")))
    until = known.log.now() + timedelta(seconds=data.wait)
    taken = await _claim(request, known, node_id, data)
    while not taken and (left := (until - known.log.now()).total_seconds()) > 0:
        await known.caches.moved(NODE_QUEUE, min(left, 1.0))
        taken = await _claim(request, known, node_id, data)
    body = b'{"items":[' + b",".join(taken) + b"]}"
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


async def _claim(request: Req, known: Parts, node_id: UUID, data: Claim) -> list[bytes]:
    fresh = Freshness(node_id, allow_stale=True)
    queue = await known.caches.lowest(NODE_QUEUE, queue_of(node_id), 2 * data.limit, fresh)
    counts, _, _ = await known.caches.groups(TASK_COUNTS, [assigned_to(node_id)], ["in_progress"], fresh)
    running = counts[assigned_to(node_id)]["in_progress"]
    candidates = [row.task_id for row in queue.rows]
    taken: list[bytes] = []
    while len(taken) < data.limit:
        # With a key and nothing left to try, the empty id finds what an earlier try with this key was given.
        task_id = candidates.pop(0) if candidates else NOBODY
        asked = await context(request, f"/{len(taken)}")
        if task_id == NOBODY and asked.key is None:
            break
        wish = ClaimTask(task_id=task_id, lease_seconds=data.lease_seconds, running=running + len(taken))
        try:
            outcome = await known.dispatch(wish, asked, _NotStored(request, TaskView))
        except (NodeDraining, NodeAtCapacity):
            break
        except (Conflict, NotFound):
            if task_id == NOBODY:
                break
            await asyncio.sleep(0)
            continue
        if outcome.answer is not None:
            taken.append(with_position(outcome.answer.body, outcome.position))
    return taken
