"""Where a project stands, and where it may go from there."""

from collections.abc import Mapping
from typing import Final

from domain.shared.word import Word


class ProjectStatus(Word):
    """Where a project stands; may be typed in any case."""

    PLANNING = "planning"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    ARCHIVED = "archived"


PROJECT_STEPS: Final[Mapping[ProjectStatus, tuple[ProjectStatus, ...]]] = {
    ProjectStatus.PLANNING: (ProjectStatus.ACTIVE, ProjectStatus.ON_HOLD, ProjectStatus.ARCHIVED),
    ProjectStatus.ACTIVE: (ProjectStatus.ON_HOLD, ProjectStatus.COMPLETED, ProjectStatus.ARCHIVED),
    ProjectStatus.ON_HOLD: (ProjectStatus.ACTIVE, ProjectStatus.ARCHIVED),
    ProjectStatus.COMPLETED: (ProjectStatus.ARCHIVED,),
    ProjectStatus.ARCHIVED: (),
}
"""Requirement S4-C10."""
