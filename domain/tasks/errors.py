"""Why a request about a task is refused."""

from domain.shared.conflicts import InvalidTransition, ProjectArchived  # noqa: F401 — tasks refuse for these reasons, too.
from domain.shared.refused import Conflict, Forbidden


class TaskExpired(Conflict):
    """The lock of this task has ended."""


class StaleToken(Conflict):
    """The token belongs to an older assignment of this task."""


class TaskNotEditable(Conflict):
    """A node's task can be edited only while it is pending."""


class TaskOfNode(Conflict):
    """A node works on this task; people cannot be assigned to it."""


class TaskOfPersons(Conflict):
    """People work on this task; it cannot be given to a node."""


class TooManyPeople(Conflict):
    """The task has as many assignees or watchers as it may."""


class NotClaimable(Conflict):
    """The task is not waiting in this node's queue any more."""


class NodeDraining(Conflict):
    """The node takes no new work."""


class NodeAtCapacity(Conflict):
    """The node works on as many tasks as it may."""


class ExternalIdTaken(Conflict):
    """The owner has another task with this external id."""


class FilterNameTaken(Conflict):
    """Another filter of yours has this name."""


class TooManyFilters(Conflict):
    """You keep as many filters as you may."""


class NotRunning(Conflict):
    """Nobody works on this task at the moment."""


class NotDueYet(Conflict):
    """The deadline has not come yet."""


class NotAssignedNode(Forbidden):
    """Only the assigned node may do this."""
