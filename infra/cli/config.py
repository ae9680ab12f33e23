"""`daybook config`."""

import rich_click as click


@click.group()
def command() -> None:
    """What this system is set to."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def show(*, as_json: bool) -> None:
    """Show every setting as the processes see it: the environment, then this clone's .daybook/, then the default. No secrets.

    Example: daybook config show --json
    """
    import msgspec

    from infra.local.state import current_settings

    shown = current_settings().redacted()
    if as_json:
        click.echo(msgspec.json.encode(shown).decode())
        return
    for name, value in shown.items():
        click.echo(f"{name.upper():<26}{value}")
