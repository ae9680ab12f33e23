"""What each view shows after a story. That views and tasks always agree is promised by the state machine beside this file."""

from uuid import UUID

import msgspec
import pytest

from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.progress import ChangeTaskStatus, Heartbeat, NoteProgress
from application.tasks.steps_back import ReopenTask, RetryTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask
from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.account import Account
from domain.tasks.node import Node
from domain.tasks.status import Priority, Status
from projections.shared.read_model import READ_MODELS
from projections.tasks.node_queue import NODE_QUEUE, queue_of, scores
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_counts import TASK_COUNTS, contrib
from projections.tasks.task_history import TASK_HISTORY
from tests.scenario import NOON, World, folded
from tests.tasks import people as p


async def story() -> tuple[World, UUID]:
    """A task that went through everything once."""
    world = await p.world_with_nodes()
    create = CreateTask(title="Sweep", payload={"n": 1}, assigned_node_id=p.NODE_ID, lock_expires_at=p.TEN_PAST)
    task_id = (await world.do(create, p.ADMIN)).id
    await world.do(EditTask(task_id=task_id, changes=e.Fields(title="Dry", priority=Priority.HIGH)), p.ADMIN)
    await world.do(ChangeTaskStatus(task_id=task_id, status=Status.IN_PROGRESS), p.NODE)
    await world.do(Heartbeat(task_id=task_id, progress={"rows": 1}), p.NODE)
    await world.do(ChangeTaskStatus(task_id=task_id, status=Status.FAILED, reason="no broom"), p.NODE)
    await world.do(AssignTask(task_id=task_id, node_id=p.NODE_ID), p.ADMIN)
    world.later(minutes=10)
    await world.tick()
    await world.do(AssignTask(task_id=task_id, node_id=p.OTHER_ID, lock_expires_at=p.minutes(20)), p.ADMIN)
    await world.do(ClaimTask(task_id=task_id, lease_seconds=60), p.OTHER_NODE)
    await world.do(ChangeTaskStatus(task_id=task_id, status=Status.COMPLETED), p.OTHER_NODE)
    await world.do(ReopenTask(task_id=task_id, reason="Still dirty"), p.ADMIN)
    await world.do(NoteProgress(task_id=task_id, note="Waiting"), p.OTHER_NODE)
    await world.do(ChangeTaskStatus(task_id=task_id, status=Status.FAILED), p.OTHER_NODE)
    await world.do(RetryTask(task_id=task_id), p.ADMIN)
    await world.do(DeleteTask(task_id=task_id), p.ADMIN)
    await world.do(RestoreTask(task_id=task_id), p.ADMIN)
    return world, task_id


async def test_the_history_tells_who_did_what_from_what_to_what_and_why():
    world, task_id = await story()
    rows = folded(TASK_HISTORY, world.recorded)
    admin, node, other = str(p.ADMIN.id), str(p.NODE_ID), str(p.OTHER_ID)
    told = [
        (
            row.action_type,
            row.from_value and msgspec.json.decode(row.from_value),
            row.to_value and msgspec.json.decode(row.to_value),
            row.reason,
            row.performed_by,
        )
        for row in rows.values()
    ]
    assert told == [
        ("created", None, "pending", None, admin),
        ("initial_assign", None, node, None, admin),
        ("edit", {"title": "Sweep"}, {"title": "Dry"}, None, admin),
        ("edit", {"priority": "medium"}, {"priority": "high"}, None, admin),
        ("status_change", "pending", "in_progress", None, node),
        ("status_change", "in_progress", "failed", "no broom", node),
        ("retry", node, node, None, admin),
        ("status_change", "failed", "pending", None, admin),
        ("status_change", "pending", "failed", "lock_expired", "system"),
        ("assignee_change", node, other, None, admin),
        ("status_change", "failed", "pending", None, admin),
        ("status_change", "pending", "in_progress", None, other),
        ("status_change", "in_progress", "completed", None, other),
        ("reopen", "completed", "pending", "Still dirty", admin),
        ("progress", None, None, "Waiting", other),
        ("status_change", "pending", "failed", "reported", other),
        ("retry", "failed", "pending", None, admin),
        ("deletion", None, None, None, admin),
        ("restoration", None, None, None, admin),
    ]
    assert {row.task_id for row in rows.values()} == {task_id}
    assert [row.position for row in rows.values()] == sorted(row.position for row in rows.values())


async def test_folding_the_history_again_gives_the_same_rows_with_the_same_ids():
    world, _ = await story()
    assert folded(TASK_HISTORY, world.recorded) == folded(TASK_HISTORY, world.recorded + world.recorded)


async def test_reopening_empties_completed_at_on_the_board_and_a_dead_letter_that_is_assigned_is_alive():
    world = await p.world_with_nodes()
    done = await world.do(CreateTask(title="Sweep"), p.ADMIN)
    await world.do(ChangeTaskStatus(task_id=done.id, status=Status.COMPLETED), p.ADMIN)
    dead = await world.do(CreateTask(title="Sweep"), p.ADMIN)
    await world.do(ChangeTaskStatus(task_id=dead.id, status=Status.FAILED), p.ADMIN)
    board = folded(TASK_BOARD, world.recorded)
    assert (board[done.id].completed_at, board[dead.id].dead) == (NOON, True)
    assert contrib(folded(TASK_COUNTS, world.recorded)[dead.id])["all"] == {"total": 1, "failed": 1, "dead": 1, "priority:medium": 1}
    await world.do(ReopenTask(task_id=done.id, reason="Still dirty"), p.ADMIN)
    await world.do(AssignTask(task_id=dead.id, node_id=p.NODE_ID), p.ADMIN)
    board = folded(TASK_BOARD, world.recorded)
    assert (board[done.id].completed_at, board[dead.id].dead) == (None, False)
    counts = folded(TASK_COUNTS, world.recorded)[dead.id]
    expected = {"total": 1, "pending": 1, "priority:medium": 1}
    assert contrib(counts) == {"all": expected, f"owner:{p.ADMIN.id}": expected, f"node:{p.NODE_ID}": expected}


async def test_the_queue_is_served_by_priority_and_then_by_who_waited_longest():
    world = await p.world_with_nodes()
    names = {}
    for title, priority in [("m1", "medium"), ("l", "low"), ("u", "urgent"), ("m2", "medium"), ("h", "high")]:
        task = await world.do(CreateTask(title=title, priority=Priority(priority), assigned_node_id=p.NODE_ID), p.ADMIN)
        names[task.id] = title

    def queue(node_id):
        rows = folded(NODE_QUEUE, world.recorded).values()
        return [names[row.task_id] for row in sorted(rows, key=lambda row: scores(row).get(queue_of(node_id), 0)) if row.node_id == node_id]

    assert queue(p.NODE_ID) == ["u", "h", "m1", "m2", "l"]
    ids = {title: task_id for task_id, title in names.items()}
    await world.do(EditTask(task_id=ids["l"], changes=e.Fields(priority=Priority.MEDIUM)), p.ADMIN)
    assert queue(p.NODE_ID) == ["u", "h", "m1", "l", "m2"]  # It keeps the place that its waiting has earned.
    await world.do(AssignTask(task_id=ids["m1"], node_id=p.NODE_ID), p.ADMIN)
    assert queue(p.NODE_ID) == ["u", "h", "m1", "l", "m2"]
    for title in ("m2", "m1"):
        await world.do(AssignTask(task_id=ids[title], node_id=p.OTHER_ID), p.ADMIN)
    assert (queue(p.NODE_ID), queue(p.OTHER_ID)) == (["u", "h", "l"], ["m2", "m1"])


def test_a_rank_outweighs_every_position_exactly():
    row = NODE_QUEUE.row(task_id=p.made.id, version=1, node_id=p.NODE_ID, rank=3, queued_at=2**50 - 1)
    (score,) = scores(row).values()
    assert score == 4 * 2**50 - 1


SINGLE = [
    e.TaskCreated(at=NOON, owner_id=p.ANN.id, title="Sweep"),
    e.TaskAssigned(at=NOON, node_id=p.NODE_ID, token=1),
    e.TaskClaimed(at=NOON, node_id=p.NODE_ID, token=1, lock_expires_at=NOON),
    e.TaskStarted(at=NOON),
    e.TaskCompleted(at=NOON),
    e.TaskFailed(at=NOON, reason="reported", attempt=1),
    e.TaskRetried(at=NOON, token=1),
    e.TaskReopened(at=NOON, token=1, reason="no"),
    e.TaskEdited(at=NOON, before=e.Fields(), after=e.Fields()),
    e.LeaseExtended(at=NOON, token=1, lock_expires_at=NOON),
    e.TaskProgressed(at=NOON),
    e.TaskDeleted(at=NOON),
    e.TaskRestored(at=NOON, status=Status.PENDING),
]


@pytest.mark.parametrize("name", ["task_board", "task_history", "node_queue", "task_counts"])
def test_a_fold_never_fails_whatever_comes_after_whatever(name):
    model = READ_MODELS[name]
    for first in SINGLE:
        for second in SINGLE:
            folded(model, [Recorded(nth, p.made.id, nth, event, None, NOON) for nth, event in enumerate([first, second], 1)])


@pytest.mark.parametrize("event", [*SINGLE, e.NodeCapacitySet(at=NOON, node_id=p.NODE_ID)])
def test_every_event_survives_being_written_down(event):
    assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event


@pytest.mark.parametrize("task", [p.made, p.leased, p.claimed, p.completed, p.expired, Node(id=p.NODE_ID, last_seen_at=NOON), Account(id=p.NODE_ID)])
def test_every_state_survives_being_kept_as_a_snapshot(task):
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(task), type=type(task)) == task
