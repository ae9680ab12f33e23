"""`daybook serve`."""

import rich_click as click


@click.command()
@click.option("--host", help="Address to listen on.  [default: HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the API.  [default: PORT, else 3000]")
def command(host: str | None, port: int | None) -> None:
    """Run one API process until SIGTERM; it finishes what it accepted. Any number of them may run side by side.

    Settings come from the environment, or from the system that `up` keeps in this clone.

    Example: daybook serve --host 0.0.0.0 --port 3000
    """
    import msgspec

    from infra.cli._starting import must_be_free, process_settings

    settings = process_settings()
    settings = msgspec.structs.replace(settings, host=host or settings.host, port=port or settings.port)
    must_be_free(settings.host, settings.port)
    from infra.processes.serve import main

    main(settings, settings.port)
