"""The processes of a running system: the one list that `up`, `status`, `compose.yaml` and its test go by."""

from typing import Final

import msgspec


class Process(msgspec.Struct, frozen=True):
    """One kind of process: `main(settings, port)` of `module` runs it until SIGTERM.

    `port` is the public one for the process that is `public`; all others answer `/live`, `/ready` and `/metrics` on it.
    """

    name: str
    module: str
    does: str
    public: bool = False


PROCESSES: Final = (
    Process("serve", "infra.processes.serve", "answers HTTP", public=True),
    Process("relay", "infra.processes.relay", "announces the log to the broker"),
    Process("consumers", "infra.processes.consumers", "keeps the read models, runs the reactions"),
    Process("clock", "infra.processes.clock", "acts when a deadline has passed"),
    Process("jobs", "infra.processes.jobs", "imports and exports"),
)
"""In the order in which they are started; stopping begins with what is public."""
