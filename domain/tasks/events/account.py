"""What happens to the tasks of an account as a whole."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event, recorded_as


@recorded_as("account.tasks_handed_over")
class TasksHandedOver(Event, frozen=True, kw_only=True):
    """A part of an erased account's tasks are somebody else's or gone; those with ids `beyond` this one are still to come.

    Its stream is derived from the account's id, which `user_id` is.
    """

    at: datetime
    user_id: UUID
    beyond: UUID
