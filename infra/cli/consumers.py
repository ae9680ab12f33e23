"""`daybook consumers`."""

import rich_click as click


@click.command()
@click.option("--health-port", type=click.IntRange(1, 65535), default=3002, show_default=True, help="Where it answers /live, /ready and /metrics.")
def command(health_port: int) -> None:
    """Run one consumers process until SIGTERM: it keeps the read models and runs the reactions. Several share the work.

    Settings come from the environment, or from the system that `up` keeps in this clone.

    Example: daybook consumers --health-port 8080
    """
    from infra.cli._starting import run_process

    run_process("consumers", health_port)
