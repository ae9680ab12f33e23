"""What `daybook import` and `daybook export` have in common: a bar while a job is done, and how it ended."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from domain.jobs.job import Job
    from infra.app import System


def done(title: str, ask: "Callable[[System], Awaitable[Job]]", after: "Callable[[System, Job], None]") -> None:
    """Ask for a job, show how far it is, and do something with what came of it; raises `LocalProblem` with why it failed."""
    import asyncio

    from domain.jobs.status import Status
    from infra.cli._bars import staged_bar
    from infra.cli._starting import with_system
    from infra.jobs.by_hand import follow
    from infra.local.state import LocalProblem

    async def work(parts: "System") -> None:
        asked = await ask(parts)
        try:
            with staged_bar(title) as show:
                job = await follow(parts, asked.id, lambda now: show(str(now.status), now.done, now.total or 0))
        except asyncio.CancelledError:
            click.echo(f"\nLeft where it stands. A worker goes on with it; to go on by hand, and to see how it ended: --job {asked.id}", err=True)
            raise
        if job.status is not Status.COMPLETED:
            raise LocalProblem(f"{title}: {job.detail or job.status}")
        after(parts, job)

    with_system(work)


def of_job(job_id: str) -> "Callable[[System], Awaitable[Any]]":
    """For one that was asked for before."""

    async def ask(parts: "System") -> Any:
        from uuid import UUID

        from domain.jobs.job import Job

        return (await parts.log.load(Job, UUID(job_id)))[0]

    return ask
