"""Importing tasks: every row is judged by itself, and what is wrong with it is told by line and column."""

import errno
from typing import Any

from infra.jobs import files, tasks_import
from tests.http.daybook import problem
from tests.jobs.over_http import CSV, JSONL, errors, over, send, titles


async def test_rows_become_tasks_of_the_caller(api):
    who = await api.account()
    job = await send(
        api,
        who.headers,
        "Priority,title,tags,due_date,payload,status,external_id\r\n"
        'HIGH,"Sweep, then mop","yard,Broom",2020-01-01,"{""rooms"": [1, 2]}",done,A-1\r\n'
        "low,Water the plants,,,,,\r\n",
    )
    assert (job["status"], job["progress"], job["errors"]) == ("completed", {"done": 2, "total": 2}, 0), job
    assert job["outcome"] == {"created": 2, "updated": 0, "skipped": 0, "refused": 0, "dry_run": False}
    shown = (await api("GET", "/api/v1/tasks", who.headers)).json()["items"]
    (swept,) = [task for task in shown if task["external_id"] == "A-1"]
    assert (swept["title"], swept["priority"], swept["tags"], swept["payload"]) == ("Sweep, then mop", "high", ["yard", "broom"], {"rooms": [1, 2]})
    assert (swept["due_date"], swept["status"], swept["owner_id"]) == ("2020-01-01T00:00:00Z", "completed", who.id)
    (watered,) = [task for task in shown if task["external_id"] is None]
    assert (watered["description"], watered["payload"], watered["tags"], watered["status"]) == (None, None, [], "pending")


async def test_a_due_date_of_the_past_is_overdue_at_once(api):
    who = await api.account()
    await send(api, who.headers, "title,due_date\nSweep,2020-01-01T00:00:00Z\n")
    (task,) = (await api("GET", "/api/v1/tasks", who.headers)).json()["items"]
    assert task["overdue"] is True


async def test_everything_that_is_wrong_is_told_and_the_rest_is_created(api):
    who = await api.account()
    rows = [
        b"title,priority,due_date,payload,max_attempts",
        b"Good one,,,,",
        b",high,,,",
        b"Bad words,soon,yesterday,{,many",
        b'"Never closed,high,,,',
        b"Wrong width,high",
        b'Stray "quote",high,,,',
        b"Not UTF-8 \xff,,,,",
        b"With \x00,,,,",
        b"x" * 300 + b",,,,",
        b"Too often,,,,1000",
        b"Another good one,,,,",
    ]
    job = await send(api, who.headers, b"\r\n".join(rows))
    assert (job["status"], job["outcome"]["created"], job["errors"], job["progress"]["done"]) == ("completed", 2, 9, 11), job
    assert await errors(api, who.headers, job) == [
        (3, "title", "required"),
        (4, "priority", "not_allowed"), (4, "due_date", "malformed"), (4, "payload", "malformed_json"), (4, "max_attempts", "wrong_type"),
        (5, "", "unclosed_quote"),
        (6, "", "wrong_number_of_cells"),
        (7, "", "malformed_quotes"),
        (8, "", "invalid_encoding"),
        (9, "", "unwritable_text"),
        (10, "title", "too_long"),
        (11, "max_attempts", "out_of_range"),
    ]  # fmt: skip
    assert [error["line"] for error in job["first_errors"]] == [3, 4, 4, 4, 4, 5, 6, 7, 8, 9]
    assert await titles(api, who.headers) == ["Another good one", "Good one"]


async def test_lines_of_json_are_judged_the_same_way(api):
    who = await api.account()
    job = await send(
        api,
        who.headers,
        '{"title": "Sweep", "tags": ["yard"], "payload": {"a": [1]}, "priority": "Urgent"}\n'
        "\n"
        "[1]\n"
        "{\n"
        '{"title": 7}\n'
        '{"title": "Sweep", "colour": "red"}\n'
        '{"title": "Twice", "title": "the same"}\n'
        '{"title": "Without an end"}',
        JSONL,
    )
    assert (job["outcome"]["created"], job["errors"]) == (2, 5), job
    assert await errors(api, who.headers, job) == [
        (3, "", "wrong_type"), (4, "", "malformed_json"), (5, "title", "wrong_type"), (6, "colour", "unknown_field"), (7, "", "duplicate_field"),
    ]  # fmt: skip
    assert await titles(api, who.headers) == ["Sweep", "Without an end"]


async def test_a_rehearsal_says_the_same_and_creates_nothing(api):
    who = await api.account()
    body = "title,external_id,project_id\nOne,A,\nTwo,A,\nThree,,01930000-0000-7000-8000-000000000001\n,,\n"
    rehearsed = await send(api, who.headers, body, dry_run="true")
    assert await titles(api, who.headers) == []
    assert rehearsed["outcome"] == {"created": 1, "updated": 0, "skipped": 0, "refused": 3, "dry_run": True}
    done = await send(api, who.headers, body)
    assert done["outcome"] == rehearsed["outcome"] | {"dry_run": False}
    found = [(3, "external_id", "external_id_taken"), (4, "project_id", "not_found"), (5, "title", "required")]
    assert await errors(api, who.headers, rehearsed) == await errors(api, who.headers, done) == found


async def test_a_known_external_id_is_refused_skipped_or_changes_the_task_that_has_it(api):
    who = await api.account()
    await send(api, who.headers, "title,external_id,priority\nSweep,A,low\n")
    assert (await send(api, who.headers, "title,external_id\nMop,A\n"))["outcome"]["refused"] == 1
    assert (await send(api, who.headers, "title,external_id\nMop,A\n", on_duplicate="skip"))["outcome"]["skipped"] == 1
    assert await titles(api, who.headers) == ["Sweep"]
    job = await send(api, who.headers, "title,external_id,status\nMop,A,\nPolish,A,completed\nDust,B,\n", on_duplicate="update")
    assert (job["outcome"]["updated"], job["outcome"]["created"]) == (2, 1)
    assert await titles(api, who.headers) == ["Dust", "Polish"]


async def test_only_administrators_give_tasks_to_others(api):
    who, other, admin = await api.account(), await api.account(), await api.admin()
    email = (await api("GET", "/api/v1/auth/me", other.headers)).json()["email"]
    body = f"title,owner\nSweep,{other.id}\nMop,{email}\nDust,nobody@example.org\n"
    job = await send(api, who.headers, body)
    assert await errors(api, who.headers, job) == [(line, "owner_id", "forbidden") for line in (2, 3, 4)]
    job = await send(api, admin, body)
    assert await errors(api, admin, job) == [(4, "owner_id", "unknown_user")]
    assert await titles(api, other.headers) == ["Mop", "Sweep"]


async def test_a_file_whose_first_line_names_no_columns_fails_as_a_whole(api):
    who = await api.account()
    for body, word in ((b"", "first line"), (b"title,colour\nSweep,red\n", "'colour'"), (b"title,Title\n", "twice"), (b"tags\n", "`title`")):
        job = await send(api, who.headers, body)
        assert (job["status"], job["code"]) == ("failed", "invalid_header")
        assert word in job["detail"]


async def test_the_same_file_under_the_same_key_is_imported_once(api):
    who = await api.account()
    first, again, other = [
        await api("POST", "/api/v1/imports", who.headers, content=body, headers={"Content-Type": CSV, "Idempotency-Key": "monday"})
        for body in ("title\nSweep\n", "title\nSweep\n", "title\nMop\n")
    ]
    assert first.status_code == again.status_code == 202
    assert first.headers["location"] == again.headers["location"]
    assert problem(other) == (422, "idempotency_key_reused")
    assert (await over(api, who.headers, first))["outcome"]["created"] == 1


async def test_what_is_no_file_of_rows_or_too_large_is_refused(api):
    who = await api.account()
    other = await api("POST", "/api/v1/imports", who.headers, content=b"title\n", headers={"Content-Type": "application/pdf"})
    assert problem(other) == (415, "unsupported_media_type")
    async with api.with_rules(import_size_limit=10) as narrow:
        for body in (b"title\nSweep\n", _in_parts()):
            answer = await narrow.post("/api/v1/imports", headers=who.headers | {"Content-Type": CSV}, content=body)
            assert problem(answer) == (413, "payload_too_large")


async def _in_parts():
    for _ in range(3):
        yield b"title\n"


async def test_who_hangs_up_makes_no_fault_of_ours_and_neither_does_a_full_disk(api, monkeypatch):
    who, told = await api.account(), list[dict[str, Any]]()
    kept = api.system.settings.jobs_at / who.id
    body = iter(({"type": "http.request", "body": b"title\n", "more_body": True}, {"type": "http.disconnect"}))
    headers = [(b"host", b"daybook.test"), (b"content-type", CSV.encode()), (b"authorization", who.headers["Authorization"].encode())]
    address = {"path": "/api/v1/imports", "raw_path": b"/api/v1/imports", "query_string": b"", "root_path": "", "headers": headers}
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "client": ("::1", 1), "server": ("::1", 80), **address}

    async def receive():
        return next(body)

    async def tell(message):
        told.append(message)

    await api.http._transport.app(scope, receive, tell)
    assert (told[0]["status"], list(kept.iterdir())) == (400, [])

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "create", full)
    answer = await api("POST", "/api/v1/imports", who.headers, content=b"title\n", headers={"Content-Type": CSV})
    assert problem(answer) == (503, "store_unavailable")


async def test_few_large_rows_are_in_memory_at_once(api, monkeypatch):
    who, together = await api.account(), list[int]()
    note = tasks_import.Import._note

    def noted(self, fates, errors, last):
        together.append(fates.total())
        note(self, fates, errors, last)

    monkeypatch.setattr(tasks_import.Import, "_note", noted)
    monkeypatch.setattr(tasks_import, "AT_ONCE_BYTES", 1000)
    job = await send(api, who.headers, "title,description\n" + "".join(f"{nth},{'x' * 490}\n" for nth in range(7)))
    assert (job["outcome"]["created"], together) == (7, [3, 3, 1])
