"""Why a request about a job is refused. The docstring is the problem's title."""

from domain.shared.refused import Conflict, Gone


class JobNotQueued(Conflict):
    """The job does not wait for a worker."""


class JobNotHeld(Conflict):
    """The job is not this worker's any more: it was cancelled, or given to another one."""


class JobOver(Conflict):
    """The job is over."""


class JobNotDue(Conflict):
    """The worker of this job still has time to say that it lives."""


class NoResultYet(Conflict):
    """The job has no result: it is not completed, or leaves none."""


class ExportExpired(Gone):
    """The result was kept for a day, and is gone."""
