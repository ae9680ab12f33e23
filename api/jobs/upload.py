"""Sending a file to be imported."""

from typing import Annotated, Any, Final, Literal

from litestar import Response
from litestar.params import QueryParameter

from api.jobs.views import JobView
from api.shared.access import caller
from api.shared.commanding import carry_out
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.request import Req
from api.shared.routing import command
from api.shared.streaming import pieces_of
from application.jobs.files import FileTooLarge, ReceivedFile
from application.jobs.job import RequestJob
from domain.jobs.job import Job
from domain.shared.refused import Forbidden

FORMATS: Final = {"text/csv": "csv", "application/x-ndjson": "jsonl", "application/jsonl": "jsonl"}
CSV: Final = "title,priority,due_date\r\nReplace the fan of rack 12,high,2026-12-01\r\n"
Resource = Annotated[Literal["tasks"], QueryParameter(description="What the rows are.")]
DryRun = Annotated[bool, QueryParameter(description="Only say what would be wrong; nothing is created.")]
OnDuplicate = Annotated[
    Literal["error", "skip", "update"], QueryParameter(description="What becomes of a row whose external_id another task of its owner has.")
]


@command(
    "/api/v1/imports",
    needs="imports:create",
    status=202,
    answers=JobView,
    told="It will be done.",
    limit="import",
    tags=["jobs"],
    takes={"text/csv": CSV},  # JSON lines stand in the words below: machines that read the document can make no such body (schemathesis 4).
    request_max_body_size=None,
)
async def request_import(
    request: Req,
    resource: Resource = "tasks",
    dry_run: DryRun = False,  # noqa: FBT002 — a query parameter.
    on_duplicate: OnDuplicate = "error",
) -> Response[bytes]:
    """Have the rows of a file created.

    The body is the file: CSV (RFC 4180, UTF-8, columns by the names in its first line), or with `Content-Type: application/x-ndjson` a
    JSON object in each line, such as `{"title": "Replace the fan of rack 12", "priority": "high"}`. Every row is judged by itself: what is
    wrong with single ones is told at the job's `errors`, and the others are created, each once.
    """
    known, owner_id = parts(request), caller(request).id
    if owner_id is None:
        raise Forbidden
    form = _format(request)
    job_id = known.new_id()
    received = await _receive(request, job_id)
    wanted = {"format": form, "dry_run": dry_run, "on_duplicate": on_duplicate, "bytes": received.size}
    wish = RequestJob(job_id=job_id, kind=f"{resource}.import", parameters=wanted)
    made = False
    try:
        answer = await carry_out(request, wish, JobView, of=Job, status=202, location="/api/v1/jobs/", body=received.digest)
        made = "Idempotent-Replayed" not in answer.headers and answer.status_code == 202
    finally:
        if not made:  # Refused, or sent before under the same key: nobody needs this copy.
            await known.job_files.forget(owner_id, job_id)
    return answer


def _format(request: Req) -> str:
    kind, _, more = request.headers.get("content-type", "").lower().partition(";")
    charset = more.replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if kind.strip() not in FORMATS or charset not in {"", "utf-8", "utf8"}:
        raise BodyRefused([FieldError("", "unsupported_media_type", "send text/csv or application/x-ndjson in UTF-8")], 415, "unsupported_media_type")
    return FORMATS[kind.strip()]


async def _receive(request: Req, job_id: Any) -> ReceivedFile:
    known, owner_id = parts(request), caller(request).id
    most, told = known.rules.import_size_limit, request.headers.get("content-length", "0")
    try:
        if told.isdigit() and int(told) > most:
            raise FileTooLarge
        return await known.job_files.receive(owner_id or job_id, job_id, pieces_of(request), most)
    except FileTooLarge as error:
        raise BodyRefused([FieldError("", "payload_too_large", f"at most {most} bytes")], 413, "payload_too_large") from error
