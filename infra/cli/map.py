"""`daybook map`."""

from typing import Any

import rich_click as click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(*, as_json: bool) -> None:
    """Show, from the code, what leads where: command, aggregate, events, read models, reactions.

    A command in brackets is the clock's: the event sets, moves or clears the deadline at which it is due.

    Example: daybook map --json
    """
    import msgspec

    found = paths()
    click.echo(msgspec.json.encode(found).decode() if as_json else table(found))


def paths() -> list[dict[str, Any]]:
    """One entry per command, by context and name; each event with who listens to it."""
    from application.shared.command import HANDLERS
    from infra.app import import_contexts
    from infra.cli._paths import Path

    import_contexts()
    found = []
    for kind, handler in sorted(HANDLERS.items(), key=lambda item: (item[0].__module__.split(".")[1], item[0].__name__)):
        events = [
            {"event": event.__name__, "aggregate": aggregate.__name__, "read_models": _readers(event), "reactions": _reactions(event)}
            for event, aggregate in Path(handler).events.items()
        ]
        found.append({"context": kind.__module__.split(".")[1], "command": kind.__name__, "events": events})
    return found


def _readers(event: type) -> list[str]:
    from infra.projection.deadline_model import PREFIX
    from projections.shared.read_model import READ_MODELS

    # A deadline is kept as a read model, too; here it stands among the reactions, by the command it leads to.
    return sorted(name for name, model in READ_MODELS.items() if issubclass(event, model.listens) and not name.startswith(PREFIX))


def _reactions(event: type) -> list[str]:
    from application.shared.deadline import DEADLINES
    from application.shared.reaction import REACTIONS
    from infra.cli._paths import commands_made

    at_once = [one.name for one in REACTIONS.values() if issubclass(event, one.listens)]
    later = [made.__name__ for one in DEADLINES.values() if issubclass(event, one.listens) for made in commands_made(one.fold)]
    return sorted(at_once) + [f"({name})" for name in sorted(later)]


def table(found: list[dict[str, Any]]) -> str:
    """The same in columns: a line for each event, the command only on its first."""
    rows = [("command", "aggregate", "event", "read models", "reactions")]
    for one in found:
        name = one["command"]
        for event in one["events"] or [{"event": "–", "aggregate": "–", "read_models": [], "reactions": []}]:
            rows.append((name, event["aggregate"], event["event"], ", ".join(event["read_models"]), ", ".join(event["reactions"])))
            name = ""
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
