"""Why several contexts refuse: one sentence and one code for the same thing wherever it is met."""

from domain.shared.refused import Conflict


class InvalidTransition(Conflict):
    """It cannot go from its present status to that one."""


class NameTaken(Conflict):
    """There is another one of this name."""


class InsufficientStock(Conflict):
    """There is not enough of it."""


class ProjectArchived(Conflict):
    """The project is archived: nothing in it changes any more."""
