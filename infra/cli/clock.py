"""`daybook clock`."""

import rich_click as click


@click.command()
@click.option("--health-port", type=click.IntRange(1, 65535), default=3003, show_default=True, help="Where it answers /live, /ready and /metrics.")
def command(health_port: int) -> None:
    """Run one clock until SIGTERM: it acts when a deadline has passed. A second one waits, and takes over when the first ends.

    Settings come from the environment, or from the system that `up` keeps in this clone.

    Example: daybook clock --health-port 8080
    """
    from infra.cli._starting import run_process

    run_process("clock", health_port)
