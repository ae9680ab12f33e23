"""`daybook reset`."""

import rich_click as click


@click.command()
@click.option("--yes", is_flag=True, help="Really do it.")
def command(*, yes: bool) -> None:
    """Delete what `up` keeps in this clone: the folder .daybook/ with its database, secrets and logs. Nothing else.

    Example: daybook reset --yes
    """
    from infra.local.postgres import Postgres
    from infra.local.state import LocalProblem, here
    from infra.local.valkey import Valkey

    state = here()
    if not state.folder.exists():
        click.echo(f"There is nothing to delete: {state.folder} does not exist.")
        return
    if not yes:
        raise LocalProblem(f"this deletes {state.folder} with all its data; say so with `daybook reset --yes`")
    if not state.lock():
        raise LocalProblem("`daybook up` runs in this clone: stop it first")
    state.open()
    for server in (Postgres(state), Valkey(state)):
        server.stop_leftover()
    state.remove()
    click.echo(f"Deleted {state.folder}.")
