"""The command line. A module here is a command: `infra/cli/task_board.py` with a click command named `command` is `daybook task-board`;
`import_.py` is `daybook import`, as no module can be called by a word of the language.

A module imports only click at its top and the rest in its function, so that `daybook --help`, which loads them all, stays quick.
"""

import pkgutil
from importlib import import_module
from keyword import iskeyword

import click
import rich_click


class Commands(rich_click.RichGroup):
    """Finds the commands by their files."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands; a file whose name begins with `_` is a helper."""
        del ctx
        return sorted(module.name.rstrip("_").replace("_", "-") for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; None when there is no such file."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        found = import_module(f"{__name__}.{name}{'_' if iskeyword(name) else ''}").command
        assert isinstance(found, click.Command)
        found.name = cmd_name  # The function is called `command` in every file; help shows the file's name.
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def daybook() -> None:
    """Event-sourced assignment of work, with a history that can be proved.

    Begin with `daybook up`.
    """
