"""What workers make of jobs that are cancelled, given to somebody else, or asked for by the dozen."""

from uuid import UUID

from application.jobs.job import CancelJob, GiveJobBack, RequestJob, StartJob
from application.shared.context import SYSTEM, Caller, Context
from domain.jobs.job import Job
from infra.app import new_id
from infra.jobs import exporting, run
from infra.jobs.files import JobFolder
from infra.jobs.worker import Worker
from tests.eventually import eventually
from tests.jobs.over_http import export


async def test_a_job_that_is_cancelled_ends_where_it_stands(api, worker, monkeypatch):
    monkeypatch.setattr(run, "EVERY", 0.05)
    who = await api.account()
    body = "title\n" + "".join(f"Row {nth}\n" for nth in range(8_000))
    sent = await api("POST", "/api/v1/imports", who.headers, content=body, headers={"Content-Type": "text/csv"})
    job_id = UUID(sent.json()["id"])

    async def begun() -> bool:
        return (await api.system.log.load(Job, job_id))[0].done > 0

    async def idle() -> bool:
        return worker.running == 0

    await eventually(begun, 20)
    told = await api("POST", f"/api/v1/jobs/{job_id}/cancel", who.headers)
    assert (told.status_code, told.json()["status"]) == (200, "cancelled")
    await eventually(idle, 20)
    query = "select count(*) from events where type = 'task.created' and actor_id = %b"
    ((created,),) = await api.system.log.reads(query, UUID(who.id))
    assert 0 < created < 8_000
    job, _ = await api.system.log.load(Job, job_id)
    assert (job.status, job.done) == ("cancelled", told.json()["progress"]["done"])


async def test_a_worker_that_was_thought_dead_shows_nothing(api, monkeypatch):
    who, write = await api.account(), exporting._write_lines
    await api.task(who.headers)
    files, drafts = JobFolder(api.system.settings.jobs_at), list[str]()

    async def written(attempt, sheet, found, draft):
        done = await write(attempt, sheet, found, draft)
        drafts.append(draft.name)
        if attempt.job.attempt == 1:  # It slept for longer than its lease, and somebody else was given the job.
            await api.system.dispatch(GiveJobBack(job_id=attempt.job.id, attempt=1), Context(SYSTEM, new_id()))
        else:
            assert not files.outgoing(UUID(who.id), attempt.job.id).exists()
        return done

    monkeypatch.setattr(exporting, "_write_lines", written)
    job, file = await export(api, who.headers)
    assert drafts == [f"{job['id']}.{attempt}.part" for attempt in (1, 2)]
    assert file.count(b"\n") == 2


async def test_who_asks_for_much_makes_nobody_wait_for_all_of_it(api, worker, monkeypatch):
    async def idle(_: Worker) -> None:
        """Take nothing."""

    monkeypatch.setattr(Worker, "_look", idle)
    (ada, bob), wanted = [await api.account() for _ in "ab"], {"format": "csv", "scope": "mine", "filters": {}, "bom": False}
    first, second, his = (new_id() for _ in range(3))
    for job_id, who in ((first, ada), (second, ada), (his, bob)):
        wish = RequestJob(job_id=job_id, kind="tasks.export", parameters=wanted)
        await api.system.dispatch(wish, Context(Caller(UUID(who.id), "user"), new_id()))
    await api.system.dispatch(StartJob(job_id=first, worker_id=new_id()), Context(SYSTEM, new_id()))

    async def in_turn() -> bool:
        return await worker._listed() == [his, second]

    await eventually(in_turn, 5)
    for job_id in (first, second, his):
        await api.system.dispatch(CancelJob(job_id=job_id), Context(SYSTEM, new_id()))
