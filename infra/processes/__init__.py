"""The processes of a running system: the one list that `up`, `status`, `compose.yaml` and its test go by."""

from typing import Final

import msgspec


class Process(msgspec.Struct, frozen=True):
    """One kind of process; `infra.processes.<name>:main(settings, port)` runs it until SIGTERM.

    `port` is the public one for `serve`; all others answer `/live`, `/ready` and `/metrics` on it.
    """

    name: str
    does: str
    public: bool = False

    @property
    def module(self) -> str:
        """Where its `main` is."""
        return f"infra.processes.{self.name}"


PROCESSES: Final = (
    Process("serve", "answers HTTP", public=True),
    Process("relay", "announces the log to the broker"),
    Process("consumers", "keep the read models and run the reactions"),
    Process("clock", "acts when a deadline has passed"),
)
"""In the order in which they are started; stopping begins with what is public."""
