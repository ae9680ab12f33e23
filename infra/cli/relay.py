"""`daybook relay`."""

import rich_click as click


@click.command()
@click.option("--health-port", type=click.IntRange(1, 65535), default=3001, show_default=True, help="Where it answers /live, /ready and /metrics.")
def command(health_port: int) -> None:
    """Run one relay until SIGTERM: it announces the log to the broker. A second one waits, and takes over when the first ends.

    Settings come from the environment, or from the system that `up` keeps in this clone.

    Example: daybook relay --health-port 8080
    """
    from infra.cli._starting import run_process

    run_process("relay", health_port)
