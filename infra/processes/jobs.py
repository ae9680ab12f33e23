"""The jobs process: does what takes too long for one request."""

from api.shared.health import Health
from infra.app import system
from infra.jobs.worker import Worker
from infra.processes.running import run
from infra.settings import Settings


async def jobs(settings: Settings, health: Health) -> None:
    """Until cancelled."""
    async with system(settings, readers=1) as parts:
        worker = Worker(parts)
        health.describe(lambda: {"running": worker.running, "finished": worker.finished})
        health.measure("daybook_jobs_running", "Jobs this process does at this moment.", lambda: worker.running)
        health.measure("daybook_jobs_finished_total", "Jobs this process was done with.", lambda: worker.finished)
        await worker.run()


def main(settings: Settings, port: int) -> None:
    """Run until SIGTERM."""
    run("jobs", settings, port, jobs)
