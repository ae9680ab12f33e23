"""What people may come up with about one task of theirs: thrown like dice where any order must be right."""

from typing import Any
from uuid import UUID

from application.shared.context import Caller
from application.tasks.people import AddAssignee, AddWatcher, MoveTask, RemoveAssignee, RemoveWatcher
from application.tasks.progress import ChangeTaskStatus
from application.tasks.steps_back import ReopenTask, RetryTask, SendBackTask
from application.tasks.task import DeleteTask, EditTask, RestoreTask, TagTask
from domain.tasks.events import Fields
from domain.tasks.status import Status
from tests.tasks import people as p


def of_people(task_id: UUID) -> list[tuple[Any, Caller]]:
    """Every step there is, by those who have a say in the garden and those who have none."""
    steps = [(ChangeTaskStatus(task_id=task_id, status=status), who) for status in Status for who in (p.ANN, p.BOB)]
    puts = [(EditTask(task_id=task_id, status=Status.IN_REVIEW, assignee_ids=ids), p.ANN) for ids in ((), (p.BOB.id, p.CAT.id))]
    back = [(kind(task_id=task_id, reason="Look again"), who) for kind in (ReopenTask, SendBackTask) for who in (p.ANN, p.ANN, p.BOB, p.CAT)]
    named = [
        (kind(task_id=task_id, user_id=user_id), p.ANN)
        for kind in (AddAssignee, RemoveAssignee, AddWatcher, RemoveWatcher)
        for user_id in (p.BOB.id, p.CAT.id)
    ]
    dates = [(EditTask(task_id=task_id, changes=Fields(due_date=due)), p.CAT) for due in (None, p.minutes(-5), p.minutes(5), p.minutes(9_000_000))]
    places = [(MoveTask(task_id=task_id, project_id=place), p.ANN) for place in (None, p.GARDEN, p.CELLAR)]
    rest = [(kind(task_id=task_id), p.ANN) for kind in (RetryTask, RetryTask, DeleteTask, RestoreTask, RestoreTask, RestoreTask)]
    rest += [(DeleteTask(task_id=task_id), p.DAN)]
    return [*steps, *puts, *back, *named, *dates, *places, *rest, (TagTask(task_id=task_id, add=("wet",)), p.CAT)]
