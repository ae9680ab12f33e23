"""Fetching what came out of a job: by its requester, or by a link that is good for a quarter of an hour."""

from datetime import UTC, datetime
from hmac import compare_digest
from typing import Annotated, Final
from uuid import UUID

from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from api.jobs.views import has_file, signature
from api.shared.access import PUBLIC, caller
from api.shared.parts import Parts, parts
from api.shared.request import Req
from api.shared.routing import download
from application.jobs.job import must_see
from domain.jobs.errors import ExportExpired, NoResultYet
from domain.jobs.job import Job
from domain.shared.refused import NotFound

MEDIA: Final = {"csv": "text/csv", "jsonl": "application/x-ndjson", "pdf": "application/pdf"}


@download("/api/v1/jobs/{job_id:uuid}/result", needs="jobs:read", sends=tuple(MEDIA.values()), tags=["jobs"])
async def fetch_job_result(request: Req, job_id: FromPath[UUID]) -> Stream:
    """The file that came out of a job; 410 when it is older than a day."""
    known = parts(request)
    job, _ = await known.log.load(Job, job_id)
    must_see(caller(request), job)
    return await _sent(known, job)


@download("/api/v1/jobs/{job_id:uuid}/download", needs=PUBLIC, sends=tuple(MEDIA.values()), tags=["jobs"])
async def download_job_result(
    request: Req,
    job_id: FromPath[UUID],
    until: Annotated[int, QueryParameter(ge=0, le=2**40, description="Seconds since 1970 until which the link is good.")],
    signed: Annotated[str, QueryParameter(name="signature", max_length=100, description="What proves that this server wrote the link.")],
) -> Stream:
    """The same by a link from the job, for whoever has it."""
    known = parts(request)
    if not compare_digest(signature(known.sealing, job_id, until).encode(), signed.encode("utf-8", "surrogatepass")):
        raise NotFound
    if known.log.now() >= datetime.fromtimestamp(until, UTC):
        raise ExportExpired
    return await _sent(known, (await known.log.load(Job, job_id))[0])


async def _sent(known: Parts, job: Job) -> Stream:
    if not has_file(job):
        raise NoResultYet
    expired = job.expires_at is not None and known.log.now() >= job.expires_at
    found = None if expired else await known.job_files.result(job.requester_id, job.id)
    if found is None:
        raise ExportExpired
    form = job.parameters.get("format", "csv")
    headers = {
        "Content-Length": str(found.size),
        "Content-Disposition": f'attachment; filename="{job.kind.partition(".")[0]}-{job.id}.{form}"',
        "Cache-Control": "no-store",
    }
    return Stream(found.parts, media_type=MEDIA[form], headers=headers)
