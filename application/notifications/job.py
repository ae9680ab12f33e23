"""What people are told about the jobs they asked for: that these are over, since nobody waits beside them."""

from typing import Any
from uuid import UUID

import msgspec

from application.notifications.telling import News, tell
from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.jobs.events import JobCompleted, JobFailed
from domain.jobs.job import Job
from domain.notifications.kind import Kind
from domain.shared.event import Recorded


class NotifyOfJob(Command, frozen=True):
    """Tell whoever asked for a job that it is done, or that it failed."""

    job_id: UUID
    change: str
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


@handles(NotifyOfJob)
async def notify_of_job(command: NotifyOfJob, ports: Ports) -> None:
    """As news of the system."""
    job = await ports.log.load(Job, command.job_id)
    how = "is done" if command.change == "job_completed" else "has failed"
    news = News(kind=Kind.SYSTEM, title=f"Your job {how}: {job.kind}", change=command.change, facts={"job_id": job.id, **command.facts})
    await tell(ports, [job.requester_id], news)


@reacts("notifications.jobs", JobCompleted, JobFailed)
def jobs(recorded: Recorded[Any]) -> list[Command]:
    """Not what was cancelled: somebody did that."""
    match recorded.event:
        case JobCompleted(done=done, refused=refused):
            return [NotifyOfJob(job_id=recorded.stream_id, change="job_completed", facts={"done": done, "refused": refused})]
        case JobFailed(code=code):
            return [NotifyOfJob(job_id=recorded.stream_id, change="job_failed", facts={"code": code})]
    return []
