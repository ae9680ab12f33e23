"""Asking for an export."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.jobs.views import JobView
from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.parts import parts
from api.shared.routing import command
from application.jobs.job import RequestJob
from application.shared.permissions import must
from domain.jobs.job import Job
from domain.tasks.status import Priority, Status

Req = Request[Any, Any, Any]


class TaskFilters(Body, frozen=True, kw_only=True):
    """Which tasks; all conditions hold. What is left out is no condition."""

    status: Annotated[list[Status], Meta(max_length=6)] | UnsetType = UNSET
    priority: Annotated[list[Priority], Meta(max_length=4)] | UnsetType = UNSET
    project_id: UUID | UnsetType = UNSET
    owner_id: UUID | UnsetType = UNSET
    node_id: UUID | UnsetType = UNSET
    assignee_id: UUID | UnsetType = UNSET
    external_id: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    tag: Annotated[str, Meta(min_length=1, max_length=50)] | UnsetType = UNSET
    overdue: bool | UnsetType = UNSET
    dead: bool | UnsetType = UNSET


class NewExport(Body, frozen=True, kw_only=True):
    """What is wanted. `scope` `all`: the tasks of everybody, for who may list them; else one's own. `bom`: for programs that need one in CSV."""

    resource: Literal["tasks"]
    format: Literal["csv", "jsonl", "pdf"] = "csv"
    scope: Literal["mine", "all"] = "mine"
    filters: TaskFilters = msgspec.field(default_factory=TaskFilters)
    bom: bool = False


@command("/api/v1/exports", needs="exports:create", status=202, answers=JobView, told="It will be done.", limit="export", tags=["jobs"])
async def request_export(request: Req, data: JSONBody[NewExport]) -> Response[bytes]:
    """Have everything that fits written into a file.

    The answer is a job: ask it how it stands, and fetch its result. PDF holds at most 10,000 tasks.
    """
    if data.scope == "all":
        must(caller(request), "tasks:list-all")
    wanted = {name: value for name, value in msgspec.to_builtins(data).items() if name != "resource"}
    wish = RequestJob(job_id=parts(request).new_id(), kind=f"{data.resource}.export", parameters=wanted)
    return await carry_out(request, wish, JobView, of=Job, status=202, location="/api/v1/jobs/")
