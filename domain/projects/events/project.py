"""What can happen to a project. `at` is database time of the decision."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.event import Event, recorded_as
from domain.shared.priority import Priority


class ProjectEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a project; its stream is the project's id, which `project_id` is."""

    at: datetime
    project_id: UUID


class ProjectFields(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The editable fields of a project; those that are UNSET did not change."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    start_date: date | UnsetType | None = UNSET
    end_date: date | UnsetType | None = UNSET
    category: str | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    custom_data: dict[str, Any] | UnsetType = UNSET


@recorded_as("project.created")
class ProjectCreated(ProjectEvent, frozen=True, kw_only=True):
    """A project exists; who made it is its owner and first member. Of a team where `team_id` says one."""

    owner_id: UUID
    fields: ProjectFields
    team_id: UUID | None = None
    status: ProjectStatus = ProjectStatus.PLANNING


@recorded_as("project.edited")
class ProjectEdited(ProjectEvent, frozen=True, kw_only=True):
    """Some fields changed; `before` and `after` hold exactly those."""

    before: ProjectFields
    after: ProjectFields


@recorded_as("project.status_changed")
class ProjectStatusChanged(ProjectEvent, frozen=True, kw_only=True):
    """It stands elsewhere now; from `archived` nothing leads back, and nothing in it changes any more."""

    from_status: ProjectStatus
    to_status: ProjectStatus
    reason: str | None = None


@recorded_as("project.member_added")
class ProjectMemberAdded(ProjectEvent, frozen=True, kw_only=True):
    """This person is a member now."""

    user_id: UUID
    role: MemberRole


@recorded_as("project.member_role_changed")
class ProjectMemberRoleChanged(ProjectEvent, frozen=True, kw_only=True):
    """This member may do something else now."""

    user_id: UUID
    role: MemberRole
    previous: MemberRole


@recorded_as("project.member_removed")
class ProjectMemberRemoved(ProjectEvent, frozen=True, kw_only=True):
    """This person is no member any more."""

    user_id: UUID


@recorded_as("project.reowned")
class ProjectReowned(ProjectEvent, frozen=True, kw_only=True):
    """It belongs to somebody else now, who is a member from then on; who had it stays as a manager."""

    owner_id: UUID
    previous_owner_id: UUID


@recorded_as("project.deleted")
class ProjectDeleted(ProjectEvent, frozen=True, kw_only=True):
    """It is hidden from everybody; its name is free again."""


@recorded_as("project.restored")
class ProjectRestored(ProjectEvent, frozen=True, kw_only=True):
    """It is back as it was."""
