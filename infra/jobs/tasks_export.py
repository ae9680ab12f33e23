"""Writing tasks into a file."""

from uuid import UUID

from application.shared.context import Caller
from application.shared.seats import seated
from domain.projects.membership import Membership
from infra.jobs.exporting import export
from infra.jobs.run import Run
from infra.jobs.runners import Done
from infra.jobs.task_selection import selection
from infra.jobs.task_sheet import TASK_SHEET


async def run(run: Run) -> Done:
    """What the requester may list; of a project they have a seat in, all of it."""
    wanted, caller = run.job.parameters, await run.caller()
    filters = wanted["filters"]
    has_seat = "project_id" in filters and await _has_seat(run, UUID(filters["project_id"]), caller)
    return await export(run, TASK_SHEET, lambda: selection(caller, wanted["scope"], filters, seated=has_seat))


async def _has_seat(run: Run, project_id: UUID, caller: Caller) -> bool:
    async def load(membership_id: UUID) -> Membership:
        return (await run.parts.log.load(Membership, membership_id))[0]

    assert caller.id is not None
    return (await seated(project_id, caller.id, load))[1] is not None
