"""Routes of jobs: how they stand, what was wrong with single rows, cancelling."""

from typing import Final
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.jobs.views import JobView, job_view, links
from api.shared.access import caller
from api.shared.commanding import carry_out
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query
from application.jobs.files import RowError
from application.jobs.job import CancelJob, must_see
from domain.jobs.job import Job
from projections.jobs.job_board import JOB_BOARD
from projections.shared.reading import LAST_ID, Freshness

FIRST_ERRORS: Final = 10


@query("/api/v1/jobs", needs="jobs:read", answers=Page[JobView], tags=["jobs"])
async def list_jobs(request: Req, fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None) -> Response[bytes]:
    """One's own jobs, newest first."""
    (before,) = read_cursor(request, cursor, tuple[UUID]) or (LAST_ID,)
    most = limit or DEFAULT_LIMIT
    where = "where requester_id = %b and id < %b order by id desc limit %b"
    seen = await parts(request).tables.many(JOB_BOARD, where, (caller(request).id, before, most + 1), fresh)
    shown = seen.rows[:most]
    following = write_cursor(request, shown[-1].id) if len(seen.rows) > most else None
    views = [job_view(row) for row in shown]
    return page(request, views, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query("/api/v1/jobs/{job_id:uuid}", needs="jobs:read", answers=JobView, tags=["jobs"])
async def show_job(request: Req, job_id: FromPath[UUID]) -> Response[bytes]:
    """How a job stands, by the log itself: whoever waits for it is not kept waiting by a view that is behind."""
    known = parts(request)
    job, position = await known.log.load(Job, job_id)
    must_see(caller(request), job)
    first = list((await known.job_files.errors(job.requester_id, job.id, 0, FIRST_ERRORS))[0]) if job.refused else []
    shown = job_view(job, first_errors=first, **links(job, known.log.now(), known.sealing))
    return one(request, shown, version=job.version, position=position)


@query("/api/v1/jobs/{job_id:uuid}/errors", needs="jobs:read", answers=Page[RowError], tags=["jobs"])
async def list_job_errors(request: Req, job_id: FromPath[UUID], limit: Limit = None, cursor: Cursor = None) -> Response[bytes]:
    """What was wrong with single rows, by line; kept as long as the job's files."""
    known = parts(request)
    job, position = await known.log.load(Job, job_id)
    must_see(caller(request), job)
    (after,) = read_cursor(request, cursor, tuple[int]) or (0,)
    found, following = await known.job_files.errors(job.requester_id, job.id, after, limit or DEFAULT_LIMIT)
    return page(request, found, position=position, following=None if following is None else write_cursor(request, following))


async def job_is_there(request: Req) -> None:
    """Raises `NotFound` unless the caller may see the job the address names."""
    must_see(caller(request), (await parts(request).log.load(Job, request.path_params["job_id"]))[0])


@command("/api/v1/jobs/{job_id:uuid}/cancel", needs="jobs:read", answers=JobView, tags=["jobs"], exists=job_is_there)
async def cancel_job(request: Req, job_id: FromPath[UUID]) -> Response[bytes]:
    """Let a job end where it stands; what it did stays done."""
    return await carry_out(request, CancelJob(job_id=job_id), JobView, of=Job)
