"""That queues, counts and deadlines say of a task what it says of itself."""

from typing import Any

import msgspec
from msgspec import UNSET

from application.shared.deadline import DEADLINES
from domain.tasks import events as e
from domain.tasks.status import LEASED, OPEN, Status
from projections.tasks.node_queue import RANK


def queue_agrees(task, row):
    """What waits for a node stands in its queue."""
    waits = task.status is Status.PENDING and task.assigned_node_id is not None and not task.deleted
    assert (row is not None) == waits
    if row is not None:
        assert (row.node_id, row.rank) == (task.assigned_node_id, RANK[task.priority])


def counts_agree(task, dead, groups):
    """A task is counted where it belongs, as what it is."""
    names = {"all", f"owner:{task.owner_id}"} | ({f"node:{task.assigned_node_id}"} if task.assigned_node_id else set())
    names |= {f"project:{task.project_id}"} if task.project_id else set()
    names |= {f"helper:{user_id}" for user_id in task.assignee_ids if user_id != task.owner_id}
    assert set(groups) == (set() if task.deleted else names)
    numbers = {"total": 1, str(task.status): 1}
    numbers |= {"dead": 1} if dead else {}
    numbers |= {f"priority:{task.priority}": 1} | ({"overdue": 1} if task.overdue else {})
    assert all(dict(group) == numbers for group in groups.values())


def deadlines_agree(task, stream):
    """The clock waits for exactly what is to come."""
    rows: dict[str, Any] = {}
    for recorded in stream:
        for name, kind in DEADLINES.items():
            if isinstance(recorded.event, kind.listens):
                rows[name] = kind.fold(task.id, rows.get(name), recorded)
    lease, retry, overdue = rows.get("tasks.lease"), rows.get("tasks.retry"), rows.get("tasks.overdue")
    to_come = task.status in OPEN and not task.deleted and not task.overdue_told
    assert (overdue.due_at if overdue else None) == (task.due_date if to_come else None)
    runs = task.status in LEASED and not task.deleted
    assert (lease.due_at if lease else None) == (task.lock_expires_at if runs else None)
    assert lease is None or lease.command.token == task.token
    assert (retry.due_at if retry else None) == (None if task.deleted else task.retry_at)


def board_agrees(task, row):
    """The board shows the task as it is."""
    for name in set(row.__struct_fields__) & set(task.__struct_fields__):
        shown, held = getattr(row, name), getattr(task, name)
        held = list(held) if isinstance(held, tuple) else held
        shown = msgspec.json.decode(shown) if isinstance(shown, msgspec.Raw) else shown
        assert shown == held, name
    assert row.dead == (task.status is Status.FAILED and task.attempts >= task.max_attempts)


def due_dates_are_told_once(stream):
    """Of each due date it is said once at most that it has passed, and not before."""
    told = None
    for recorded in stream:
        match recorded.event:
            case e.TaskEdited(after=after) if after.due_date is not UNSET:
                told = None
            case e.TaskBecameOverdue(at=at, due_date=due):
                assert told != due
                assert due <= at
                told = due


def leases_are_single(stream):
    """Each lease has a token of its own, and expires at most once."""
    tokens, expired = [], []
    for recorded in stream:
        if isinstance(recorded.event, e.TaskAssigned | e.TaskClaimed | e.TaskRetried | e.TaskReopened):
            assert recorded.event.token == recorded.version
            tokens.append(recorded.event.token)
        if isinstance(recorded.event, e.LeaseExtended):
            assert recorded.event.token == tokens[-1]
        if isinstance(recorded.event, e.TaskFailed) and recorded.event.reason == "lock_expired":
            expired.append(tokens[-1])
    assert len(set(expired)) == len(expired)


def named_once_and_never_beside_a_node(task):
    """Nobody is named twice, and people and nodes work on no task together."""
    assert task.assigned_node_id is None or not task.assignee_ids
    assert len(set(task.assignee_ids)) == len(task.assignee_ids)
    assert len(set(task.watcher_ids)) == len(task.watcher_ids)
