"""Jobs as clients see them."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from application.jobs.files import RowError
from application.shared.ports import Sealing
from domain.jobs.status import Status

LINK: Final = timedelta(minutes=15)
"""How long a link to a result is good for whoever has it."""


class Progress(msgspec.Struct, frozen=True):
    """How many things are done, of how many; null while nobody has counted."""

    done: int
    total: int | None


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job. `errors`: how many rows were refused; `outcome`: what came of it, in numbers; `code` and `detail`: why it failed.

    `result` is where the file can be fetched by its requester, `download` a link that is good for anybody who has it, for a quarter of an hour.
    """

    id: UUID
    version: int
    kind: Annotated[str, Meta(examples=["tasks.export"])]
    status: Status
    requester_id: UUID
    parameters: Annotated[dict[str, Any], Meta(examples=[{"format": "csv"}])]
    progress: Progress
    errors: int
    first_errors: list[RowError] = []
    outcome: Annotated[dict[str, Any] | None, Meta(examples=[{"rows": 12, "bytes": 4096}])] = None
    code: Annotated[str | None, Meta(examples=[None])] = None
    detail: Annotated[str | None, Meta(examples=[None])] = None
    result: Annotated[str | None, Meta(examples=["/api/v1/jobs/01930000-0000-7000-8000-000000000001/result"])] = None
    download: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None


def job_view(job: Any, **more: Any) -> JobView:
    """The aggregate, or a row of the board, as a view."""
    shown = {name: getattr(job, name) for name in JobView.__struct_fields__ if hasattr(job, name)}
    parameters, outcome = (msgspec.json.decode(raw) if isinstance(raw, msgspec.Raw) else raw for raw in (job.parameters, job.outcome))
    return msgspec.convert(shown | {"parameters": parameters, "outcome": outcome} | more, JobView)


def links(job: Any, now: datetime, sealing: Sealing) -> dict[str, str]:
    """Where a file that came out can be fetched, while it can."""
    if not has_file(job) or job.expires_at is None or now >= job.expires_at:
        return {}
    until = int(min(now + LINK, job.expires_at).timestamp())
    place = f"/api/v1/jobs/{job.id}"
    return {"result": f"{place}/result", "download": f"{place}/download?until={until}&signature={signature(sealing, job.id, until)}"}


def has_file(job: Any) -> bool:
    """Whether a file came of it."""
    return bool(job.status == Status.COMPLETED and job.kind.endswith(".export"))


def signature(sealing: Sealing, job_id: UUID, until: int) -> str:
    """What proves that this server wrote a link."""
    return urlsafe_b64encode(sealing.hmac("job-result", f"{job_id}.{until}")).rstrip(b"=").decode()
