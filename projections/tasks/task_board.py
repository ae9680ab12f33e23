"""Every task as it is now, one flat row each: the single task, and every list of tasks by its index or by its named list.

Each index serves lists by one field, or by one field within an owner, a node or a project, newest first. They leave out what is rare to
have (a node, a project), so that a plain task of a person costs few entries; what has several values (people, tags) is kept as lists.
"""

from collections.abc import Iterator
from typing import Final

from projections.shared.read_model import ReadModel, read_model
from projections.tasks.task_row import FOLDS, TaskRow, fold, keys

NODE: Final = "assigned_node_id is not null and not deleted"
PROJECT: Final = "project_id is not null and not deleted"
INDEXES: Final = (
    "owner_id, id where not deleted",
    "owner_id, status, id where not deleted",
    "owner_id, priority, id where not deleted",
    "owner_id, id where overdue and not deleted",
    "owner_id, due_date, id where due_date is not null and not deleted",
    "owner_id, id where deleted",
    f"assigned_node_id, id where {NODE}",
    f"assigned_node_id, status, id where {NODE}",
    f"assigned_node_id, priority, id where {NODE}",
    f"assigned_node_id, id where overdue and {NODE}",
    f"assigned_node_id, due_date, id where due_date is not null and {NODE}",
    f"project_id, id where {PROJECT}",
    f"project_id, status, id where {PROJECT}",
    f"project_id, priority, id where {PROJECT}",
    f"project_id, owner_id, id where {PROJECT}",
    f"project_id, id where overdue and {PROJECT}",
    f"project_id, due_date, id where due_date is not null and {PROJECT}",
    "status, id where not deleted",
    "id where overdue and not deleted",
    "id where dead and not deleted",
    "external_id, id where external_id is not null and not deleted",
)


def lists(row: TaskRow) -> frozenset[str]:
    """The lists a task stands in; none for one without tags, assignees and watchers, or a deleted one."""
    if row.deleted or not (row.tags or row.assignee_ids or row.watcher_ids):
        return frozenset()
    return frozenset(_lists(row))


def _lists(row: TaskRow) -> Iterator[str]:
    within = [f"owner:{row.owner_id}"]
    if row.project_id is not None:
        within.append(f"project:{row.project_id}")
    yield from (f"{place}/assignee:{user}" for place in within for user in row.assignee_ids)
    if row.assigned_node_id is not None:
        within.append(f"node:{row.assigned_node_id}")
    for user in row.assignee_ids:
        if user != row.owner_id:  # Their own tasks come from the owner's index: so nothing stands twice in a list of both.
            name = f"assignee:{user}"
            within.append(name)
            yield name
            yield f"{name}/status:{row.status}"
            yield f"{name}/priority:{row.priority}"
            if row.overdue:
                yield f"{name}/overdue:True"
    yield from (f"{place}/tag:{tag}" for place in within for tag in row.tags)
    yield from (f"watcher:{user}" for user in row.watcher_ids)


TASK_BOARD: Final = read_model(
    ReadModel(
        name="task_board",
        version=3,
        store="postgres",
        row=TaskRow,
        key=("id",),
        listens=tuple(FOLDS),
        keys=keys,
        fold=fold,
        lists=lists,
        indexes=INDEXES,
        key_is_stream=True,
    )
)
