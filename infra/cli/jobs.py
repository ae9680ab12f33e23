"""`daybook jobs`."""

import rich_click as click


@click.command()
@click.option("--health-port", type=click.IntRange(1, 65535), default=3004, show_default=True, help="Where it answers /live, /ready and /metrics.")
def command(health_port: int) -> None:
    """Run one worker until SIGTERM: it does imports and exports. Several share them; what one had when it died another goes on with.

    Settings come from the environment, or from the system that `up` keeps in this clone. JOBS_FOLDER must be the same for all of them and the API.

    Example: daybook jobs --health-port 8080
    """
    from infra.cli._starting import run_process

    run_process("jobs", health_port)
