"""What a task was is told from its events alone, and what changed between two states makes one of the other."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from api.shared.past import changed
from api.tasks.views import task_view
from application.tasks.progress import ChangeTaskStatus, NoteProgress
from application.tasks.steps_back import ReopenTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask
from domain.shared.refused import Refused
from domain.tasks import events as e
from domain.tasks.status import Priority, Status
from domain.tasks.task import Task
from infra.projection.folding import replay
from projections.tasks.task_board import TASK_BOARD
from tests.scenario import NOON
from tests.tasks import people as p

WISHES = st.one_of(
    st.builds(
        lambda **fields: ("edit", e.Fields(**fields)),
        title=st.sampled_from(["Sweep", "Dry"]),
        priority=st.sampled_from(Priority),
        payload=st.one_of(st.none(), st.booleans(), st.integers(0, 1), st.just({"a": [1, None]})),
        tags=st.lists(st.sampled_from(["x", "y"]), max_size=2).map(tuple),
        due_date=st.one_of(st.none(), st.integers(1, 9).map(lambda days: NOON + timedelta(days=days))),
    ),
    st.sampled_from(Status).map(lambda status: ("status", status)),
    st.sampled_from([("note", "Waiting"), ("delete", None), ("restore", None), ("reopen", "Still dirty")]),
)


def command(task_id: Any, word: str, more: Any) -> Any:
    match word:
        case "edit":
            return EditTask(task_id=task_id, changes=more)
        case "status":
            return ChangeTaskStatus(task_id=task_id, status=more)
        case "note":
            return NoteProgress(task_id=task_id, note=more)
        case "reopen":
            return ReopenTask(task_id=task_id, reason=more)
    return (DeleteTask if word == "delete" else RestoreTask)(task_id=task_id)


async def lived(wishes: list[tuple[str, Any]]) -> tuple[Any, list[Any]]:
    """A task that was through all this, as far as it was allowed."""
    world = await p.world_with_nodes()
    task_id = (await world.do(CreateTask(title="Sweep", tags=["x"]), p.ANN)).id
    for word, more in wishes:
        world.later(minutes=1)
        try:
            await world.do(command(task_id, word, more), p.ANN)
        except Refused:
            continue
    return task_id, [recorded for recorded in world.recorded if recorded.stream_id == task_id]


def plain(state: Any) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(task_view(state)))
    return told


@settings(max_examples=40, deadline=None)
@given(wishes=st.lists(WISHES, max_size=12))
async def test_as_it_was_is_the_fold_of_the_events_until_then_and_a_difference_leads_from_one_state_to_the_other(wishes):
    task_id, events = await lived(wishes)
    states = [replay(TASK_BOARD, task_id, events[:count]) for count in range(1, len(events) + 1)]
    folds = [Task(id=task_id).after(*(recorded.event for recorded in events[:count])) for count in range(1, len(events) + 1)]
    assert [plain(state) for state in states] == [plain(fold) for fold in folds]
    for one in states:
        for other in states:
            told = changed(task_id, task_view(one), task_view(other))
            assert plain(one) | {change.field: change.after for change in told.changes} == plain(other)
            assert plain(other) | {change.field: change.before for change in told.changes} == plain(one)
            assert (told.from_version, told.to_version) == (one.version, other.version)
            assert (one is other) == (told.changes == [])
