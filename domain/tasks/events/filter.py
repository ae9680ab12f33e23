"""What can happen to the filters that somebody keeps. All filters of one person are one stream, which is derived from their account's id."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.shared.event import Event, recorded_as


class FilterEvent(Event, frozen=True, kw_only=True):
    """Something that happened to the filters of a person, who is `user_id`."""

    at: datetime
    user_id: UUID


@recorded_as("task_filter.saved")
class TaskFilterSaved(FilterEvent, frozen=True, kw_only=True):
    """A filter is kept under a name. `query`: the parameters of a list of tasks, in its words."""

    filter_id: UUID
    name: str
    query: dict[str, Any]


@recorded_as("task_filter.changed")
class TaskFilterChanged(FilterEvent, frozen=True, kw_only=True):
    """It has another name, or filters something else; both as they are from now on."""

    filter_id: UUID
    name: str
    query: dict[str, Any]


@recorded_as("task_filter.removed")
class TaskFilterRemoved(FilterEvent, frozen=True, kw_only=True):
    """It is kept no more."""

    filter_id: UUID


@recorded_as("task_filter.forgotten")
class TaskFiltersForgotten(FilterEvent, frozen=True, kw_only=True):
    """None is kept any more: the account was erased."""
