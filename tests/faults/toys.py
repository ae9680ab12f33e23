"""A read model that notices every event that is missing, comes twice or out of order, in both stores; and a reaction.

They are registered where processes are forked, never in the process of the tests.
"""

from typing import Any
from uuid import UUID
from zlib import crc32

from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.task import Task
from projections.shared.read_model import Groups, ReadModel, Row, read_model

REACTION = "toys.tell"
NOTE = "reacted to "
LATE_NOTE = "reacted late to "


class Chain(Row, frozen=True, gc=False):
    """A stream's positions and versions so far, each folded into a checksum that depends on all before."""

    id: UUID
    version: int
    events: int
    checksum: int


def fold(stream_id: UUID, row: Chain | None, recorded: Recorded[Any]) -> Chain:
    before = row or Chain(stream_id, 0, 0, 0)
    checksum = crc32(f"{recorded.position}/{recorded.version}".encode(), before.checksum)
    return Chain(stream_id, recorded.version, before.events + 1, checksum)


def contrib(row: Chain) -> Groups:
    return {"all": {"events": row.events, "streams": 1}, f"family:{row.id.int % 3}": {"events": row.events}}


def _model(store: Any) -> ReadModel[Chain]:
    return ReadModel(
        name=f"chain_{store}",
        version=1,
        store=store,
        row=Chain,
        key=("id",),
        listens=tuple(kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.TaskEvent) and kind is not e.TaskEvent),
        keys=lambda recorded: (recorded.stream_id,),
        fold=fold,
        contrib=contrib,
        scores=(lambda row: {"by_events": float(row.events)}) if store == "redis" else None,
        key_is_stream=True,
    )


MODELS = (_model("postgres"), _model("redis"))


class Tell(Command, frozen=True):
    """Told twice, there would be two of it: only the command's id keeps its effect single."""

    words: str


async def tell(command: Tell, ports: Ports) -> Task:
    task = Task(id=ports.new_id())
    return ports.log.stage(task, *task.create(ports.now, owner_id=UUID(int=3), title=command.words))


def register() -> None:
    for model in MODELS:
        read_model(model)
    handles(Tell)(tell)
    reacts(REACTION, e.TaskCompleted)(lambda recorded: [Tell(words=f"{NOTE}{recorded.position}")])


def register_another() -> None:
    reacts("toys.tell_too", e.TaskCompleted)(lambda recorded: [Tell(words=f"{LATE_NOTE}{recorded.position}")])
