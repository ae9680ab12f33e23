"""Jobs as clients ask for them, with a worker beside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from infra.app import system
from infra.cancellation import ended
from infra.jobs.worker import Worker
from tests.eventually import eventually
from tests.http.daybook import Api, Headers

CSV, JSONL = "text/csv", "application/x-ndjson"


@asynccontextmanager
async def working(api: Api) -> AsyncIterator[Worker]:
    """A worker in the test's own loop."""
    async with system(api.system.settings, readers=1) as parts:
        worker = Worker(parts)
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            await ended(task)


async def over(api: Api, who: Headers, asked: Any) -> dict[str, Any]:
    """The job that an answer speaks of, once it is over."""
    assert asked.status_code == 202, asked.text
    place = asked.headers["location"]
    told = dict[str, Any]()

    async def look() -> bool:
        told.update((await api("GET", place, who)).json())
        return told.get("status") in {"completed", "failed", "cancelled"}

    await eventually(look, 30, f"the job is over: {told}")
    return told


async def send(api: Api, who: Headers, body: bytes | str, kind: str = CSV, **options: Any) -> dict[str, Any]:
    """Have a file imported; the job that is over."""
    sent = await api("POST", "/api/v1/imports", who, content=body, headers={"Content-Type": kind}, params=options)
    return await over(api, who, sent)


async def export(api: Api, who: Headers, **wanted: Any) -> tuple[dict[str, Any], bytes]:
    """Have tasks (or another `resource`) exported; the job, and its file."""
    asked = await api("POST", "/api/v1/exports", who, json={"resource": "tasks"} | wanted)
    job = await over(api, who, asked)
    assert job["status"] == "completed", job
    fetched = await api("GET", job["result"], who)
    assert fetched.status_code == 200, fetched.text
    return job, fetched.content


async def titles(api: Api, who: Headers) -> list[str]:
    """Of the caller's tasks, in order."""
    shown = await api("GET", "/api/v1/tasks?limit=200", who)
    return sorted(task["title"] for task in shown.json()["items"])


async def errors(api: Api, who: Headers, job: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Line, field and code of all that was wrong."""
    told = (await api("GET", f"/api/v1/jobs/{job['id']}/errors?limit=200", who)).json()
    return [(one["line"], one["field"], one["code"]) for one in told["items"]]
