"""Exporting tasks: what the requester may list, in a file that is theirs for a day."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.jobs.job import RequestJob
from application.shared.context import Caller, Context
from domain.jobs import job as jobs
from domain.jobs.status import Status
from infra.app import new_id
from infra.jobs import exporting, pages, run, tidying
from infra.jobs.files import JobFolder
from infra.jobs.task_sheet import TASK_SHEET
from tests.eventually import eventually
from tests.http.daybook import problem
from tests.identity.api_keys import issued, using
from tests.jobs.over_http import JSONL, errors, export, over, send, titles
from tests.scenario import NOON


def rows(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode(), newline="")))


async def test_one_sees_in_a_file_what_one_sees_in_lists(api):
    who, other = await api.account(), await api.account()
    await api.task(who.headers, title="Mine", priority="high", tags=["yard"])
    await api.task(who.headers, title="Mine, too")
    await api.task(other.headers, title="Not mine")
    gone = await api.task(who.headers, title="Gone")
    assert (await api("DELETE", f"/api/v1/tasks/{gone['id']}", who.headers)).status_code == 204
    job, file = await export(api, who.headers)
    assert [row["title"] for row in rows(file)] == ["Mine, too", "Mine"]
    assert (job["outcome"]["rows"], job["outcome"]["bytes"], job["progress"]) == (2, len(file), {"done": 2, "total": 2})
    words: list[dict[str, Any]] = [
        {"priority": ["HIGH"]}, {"tag": "Yard"}, {"status": "pending", "priority": ["high", "urgent"]}, {"tag": ["yard", "x"], "overdue": False},
        {"q": "mine", "priority": "high"}, {"owner_id": who.id, "created_from": "2020-01-01T00:00:00Z", "tag": "yard"},
    ]  # fmt: skip
    for filters in words:
        _, file = await export(api, who.headers, filters=filters)
        assert [row["title"] for row in rows(file)] == ["Mine"], filters
    _, file = await export(api, who.headers, filters={"owner_id": other.id})
    assert rows(file) == []


async def test_everybodys_tasks_are_for_who_may_list_them(api):
    who, auditor = await api.account(), await api.account("auditor")
    task = await api.task(who.headers)
    asked = await api("POST", "/api/v1/exports", who.headers, json={"resource": "tasks", "scope": "all"})
    assert problem(asked) == (403, "insufficient_role")
    _, file = await export(api, auditor.headers, scope="all", filters={"owner_id": who.id})
    assert [row["id"] for row in rows(file)] == [task["id"]]


async def test_what_may_not_read_tasks_gets_no_file_of_them_either(api):
    who = await api.account()
    key = await issued(api, who.headers, scopes=["exports:create"])
    assert problem(await api("POST", "/api/v1/exports", using(key), json={"resource": "tasks"})) == (403, "insufficient_scope")


async def test_what_may_not_be_listed_any_more_fails_at_once_and_says_why(api):
    who, job_id = await api.account(), new_id()
    wanted = {"format": "csv", "scope": "all", "filters": {}, "bom": False}
    await api.system.dispatch(RequestJob(job_id=job_id, kind="tasks.export", parameters=wanted), Context(Caller(UUID(who.id), "user"), new_id()))

    async def failed() -> bool:
        job, _ = await api.system.log.load(jobs.Job, job_id)
        return (job.status, job.code, job.attempt) == (Status.FAILED, "insufficient_role", 1)

    await eventually(failed, 5, "the job has failed")


async def test_members_of_a_project_get_all_its_tasks_and_to_others_it_is_not_there(api):
    who, other, stranger = await api.account(), await api.account(), await api.account()
    project = (await api("POST", "/api/v1/projects", who.headers, json={"name": f"Project {who.id}"})).json()
    added = await api("POST", f"/api/v1/projects/{project['id']}/members", who.headers, json={"user_id": other.id, "role": "viewer"})
    assert added.status_code < 300, added.text
    await api.task(who.headers, title="Of the project", project_id=project["id"])
    hidden = await api("POST", "/api/v1/exports", stranger.headers, json={"resource": "tasks", "filters": {"project_id": project["id"]}})
    assert problem(hidden) == (404, "not_found")
    for caller, seen in ((who, ["Of the project"]), (other, ["Of the project"])):
        _, file = await export(api, caller.headers, filters={"project_id": project["id"]})
        assert [row["title"] for row in rows(file)] == seen


async def test_a_file_can_be_fetched_by_its_requester_and_by_a_link_and_by_nobody_else(api):
    who, other, admin = await api.account(), await api.account(), await api.admin()
    await api.task(who.headers)
    job, file = await export(api, who.headers, bom=True)
    fetched = await api("GET", job["result"], who.headers)
    assert fetched.headers["content-type"] == "text/csv; charset=utf-8"
    assert fetched.headers["content-disposition"] == f'attachment; filename="tasks-{job["id"]}.csv"'
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert file.startswith(b"\xef\xbb\xbfid,title,")
    assert problem(await api("GET", job["result"], other.headers)) == (404, "not_found")
    assert (await api("GET", job["result"], admin)).content == file
    assert (await api("GET", job["download"])).content == file
    for wrong in (job["download"][:-1], job["download"].replace("until=", "until=1"), job["download"].replace(job["id"], who.id)):
        assert problem(await api("GET", wrong)) == (404, "not_found")
    assert [one["id"] for one in (await api("GET", "/api/v1/jobs", who.headers)).json()["items"]] == [job["id"]]
    assert (await api("GET", "/api/v1/jobs", other.headers)).json()["items"] == []


async def test_a_job_without_a_result_says_so(api):
    who = await api.account()
    job = await send(api, who.headers, "title\nSweep\n")
    assert problem(await api("GET", f"/api/v1/jobs/{job['id']}/result", who.headers)) == (409, "no_result_yet")
    assert problem(await api("POST", f"/api/v1/jobs/{job['id']}/cancel", who.headers)) == (409, "job_over")


async def test_what_is_a_day_old_is_gone(api, monkeypatch):
    who = await api.account()
    monkeypatch.setattr(jobs, "KEPT", timedelta())
    asked = await api("POST", "/api/v1/exports", who.headers, json={"resource": "tasks"})
    job = await over(api, who.headers, asked)
    assert (job["status"], job["result"], job["download"]) == ("completed", None, None)
    assert problem(await api("GET", f"/api/v1/jobs/{job['id']}/result", who.headers)) == (410, "export_expired")
    files = JobFolder(api.system.settings.jobs_at)
    await tidying.round_of(api.system, files)
    assert not files.kept().get(who.id)
    assert (await api("GET", f"/api/v1/jobs/{job['id']}", who.headers)).json()["status"] == "completed"


async def test_nothing_is_kept_for_who_was_erased(api, monkeypatch):
    who = await api.account()
    job, _ = await export(api, who.headers)
    place = JobFolder(api.system.settings.jobs_at).folder / who.id
    assert place.is_dir()
    monkeypatch.setattr(tidying, "EVERY", 0.05)
    assert (await api("DELETE", f"/api/v1/users/{who.id}", await api.admin())).status_code < 300
    files = JobFolder(api.system.settings.jobs_at)
    await tidying.round_of(api.system, files)
    assert not place.exists()
    assert problem(await api("GET", job["download"])) == (410, "export_expired")


async def test_what_goes_out_comes_in_as_it_was_and_never_as_a_formula(api):
    who, other = await api.account(), await api.account()
    hard = ["=1+1", "'=1+1", "-2", "@x", "two\nlines", 'a "quote", and', "ünïcödé 漢字 🎈", "tab\there"]
    for nth, title in enumerate(hard):
        await api.task(who.headers, title=title, description=title, external_id=f"+{nth}", payload={"text": title}, due_date="2027-01-01T10:00:00.5Z")
    for form, kind in (("csv", "text/csv"), ("jsonl", JSONL)):
        _, file = await export(api, who.headers, format=form)
        mine = [msgspec.json.decode(line) for line in file.splitlines()] if form == "jsonl" else rows(file)
        assert len(mine) == len(hard)
        again = await send(api, who.headers, file, kind, on_duplicate="update")
        assert again["outcome"]["updated"] == len(hard), await errors(api, who.headers, again)
        assert await titles(api, who.headers) == sorted(hard)
        assert (await errors(api, other.headers, await send(api, other.headers, file, kind)))[0][1:] == ("owner_id", "forbidden")
    assert all(not row["title"].startswith(("=", "-", "@", "+")) for row in rows((await export(api, who.headers))[1]))
    tasks = (await api("GET", "/api/v1/tasks?limit=200", who.headers)).json()["items"]
    assert {(task["title"], task["description"], task["payload"]["text"], task["due_date"], task["version"]) for task in tasks} == {
        (title, title, title, "2027-01-01T10:00:00.500000Z", 1) for title in hard
    }, "nothing was changed by it"


async def test_pages_have_a_number_each_and_letters_of_the_world_and_are_not_endless(api, monkeypatch):
    who = await api.account()
    lines = [f'{{"title": "Задача {nth} — ünïcödé 漢字 {"long " * 40}", "due_date": "2020-01-01"}}' for nth in range(70)]
    await send(api, who.headers, "\n".join(lines), JSONL)
    job, file = await export(api, who.headers, format="pdf")
    assert (job["outcome"]["rows"], file[:5], file[-6:]) == (70, b"%PDF-", b"%%EOF\n")
    assert file.count(b"/Type /Page\n") == 3
    monkeypatch.setattr(exporting, "MOST_PAGED", 69)
    refused = await over(api, who.headers, await api("POST", "/api/v1/exports", who.headers, json={"resource": "tasks", "format": "pdf"}))
    assert (refused["status"], refused["code"]) == ("failed", "too_many_rows")


@pytest.mark.parametrize(
    "body", [{}, {"resource": "users"}, {"resource": "tasks", "filters": {"colour": "red"}}, {"resource": "tasks", "format": "xls"}]
)
async def test_what_cannot_be_exported_is_refused(api, body):
    assert problem(await api("POST", "/api/v1/exports", await api.admin(), json=body)) == (400, "validation_failed")


async def test_pages_are_left_at_once_when_the_worker_is_told_to_stop(tmp_path):
    def stop() -> None:
        raise run.Stopped

    with pytest.raises(run.Stopped):
        pages.write_pages(tmp_path / "pages", TASK_SHEET, [None], NOON, stop)
    assert not (tmp_path / "pages").exists()
