"""Where a project stands, and where it may go from there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self


class ProjectStatus(StrEnum):
    """Where a project stands; may be typed in any case."""

    PLANNING = "planning"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    ARCHIVED = "archived"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return next((word for word in cls if isinstance(value, str) and word.value == value.lower()), None)


PROJECT_STEPS: Final[Mapping[ProjectStatus, tuple[ProjectStatus, ...]]] = {
    ProjectStatus.PLANNING: (ProjectStatus.ACTIVE, ProjectStatus.ON_HOLD, ProjectStatus.ARCHIVED),
    ProjectStatus.ACTIVE: (ProjectStatus.ON_HOLD, ProjectStatus.COMPLETED, ProjectStatus.ARCHIVED),
    ProjectStatus.ON_HOLD: (ProjectStatus.ACTIVE, ProjectStatus.ARCHIVED),
    ProjectStatus.COMPLETED: (ProjectStatus.ARCHIVED,),
    ProjectStatus.ARCHIVED: (),
}
"""Requirement S4-C10."""
