"""Each kind of deadline as a read model: a row per stream, for the clock to find what is due."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from application.shared.command import BY_NAME, Command
from application.shared.deadline import DEADLINES, Deadline, Deadlines
from domain.shared.event import Recorded
from projections.shared.read_model import READ_MODELS, ReadModel, Row, read_model

PREFIX: Final = "deadlines_"


class DeadlineRow(Row, frozen=True, gc=False):
    """A command that is due: its name and its fields as JSON."""

    id: UUID
    due_at: datetime
    command: str
    arguments: msgspec.Raw
    version: int

    def wish(self) -> Command:
        """The command itself."""
        return msgspec.json.decode(self.arguments, type=BY_NAME[self.command])


def _model(kind: Deadlines) -> ReadModel[DeadlineRow]:
    def fold(key: UUID, row: DeadlineRow | None, recorded: Recorded[Any]) -> DeadlineRow | None:
        before = None if row is None else Deadline(row.due_at, row.wish())
        after = kind.fold(key, before, recorded)
        if after is None:
            return None
        encoded = msgspec.Raw(msgspec.json.encode(after.command))
        return DeadlineRow(key, after.due_at, type(after.command).__name__, encoded, recorded.version)

    return ReadModel(
        name=PREFIX + kind.name.replace(".", "_"),
        version=1,
        store="postgres",
        row=DeadlineRow,
        key=("id",),
        listens=kind.listens,
        keys=lambda recorded: (recorded.stream_id,),
        fold=fold,
        indexes=("due_at",),
        key_is_stream=True,
    )


def register_deadlines() -> None:
    """Make a read model of every registered kind of deadline; harmless when done again."""
    for kind in DEADLINES.values():
        model = _model(kind)
        if model.name not in READ_MODELS:
            read_model(model)


def deadline_models() -> list[ReadModel[Any]]:
    """The read models the clock looks at."""
    return [model for name, model in READ_MODELS.items() if name.startswith(PREFIX)]
