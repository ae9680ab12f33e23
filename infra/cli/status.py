"""`daybook status`."""

import sys

import rich_click as click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(*, as_json: bool) -> None:
    """Show what `up` runs in this clone, where, and how it is. Exit code 0 only when all of it is ready.

    Example: daybook status --json
    """
    import msgspec

    from infra.local.state import Ports, here, running
    from infra.supervisor.health import ask

    state = here()
    found = running(state)
    health = {name: ask(at.port, at.host) for name, at in found.processes.items()} if found else {}
    processes = {
        name: {"pid": at.pid, "port": at.port, "health": health[name].state, "doing": health[name].doing}
        for name, at in (found.processes.items() if found else ())
    }
    ready = found is not None and all(each.ready for each in health.values())
    told = {
        "running": found is not None,
        "ready": ready,
        "url": found.url if found else None,
        "pid": found.pid if found else None,
        "ports": state.read("ports.json", Ports) if found else None,
        "processes": processes,
    }
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
    elif found is None:
        click.echo("Nothing runs in this clone. Start it with `daybook up`.")
    else:
        click.echo(f"Daybook runs at {found.url} (process {found.pid}).")
        for name, at in found.processes.items():
            click.echo(f"  {name:<12}{health[name].state:<12}{health[name].doing:<40} port {at.port}, process {at.pid}")
    sys.exit(0 if ready else 1)
