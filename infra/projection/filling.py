"""What a fill and the place it writes to say to each other: rows of one part after another, each marked as finished together with its rows."""

import inspect
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import msgspec
import psycopg

import application
import domain
import projections
from infra.projection.checkpoint import Checkpoint
from infra.projection.folding import Parked
from infra.projection.partition import Partition
from projections.shared.read_model import ReadModel


class Plan(msgspec.Struct, frozen=True):
    """What is being filled; finished parts count only for the plan they were made by. `limits`: keys known to be parked."""

    log_id: UUID
    position: int
    code: str
    parts: int
    limits: dict[str, Parked] = {}

    def same_but_parts(self, other: "Plan") -> bool:
        """Whether parts made by the other plan are good for this one."""
        return (self.log_id, self.position, self.code, self.limits) == (other.log_id, other.position, other.code, other.limits)


class Told(msgspec.Struct, frozen=True):
    """What a finished part has to say: the keys it parks, what its rows add to the sums, how many rows they are."""

    failed: list[Parked]
    sums: list[tuple[str, str, int]]
    rows: int


class Place(Protocol):
    """A build that is being filled."""

    def begin(self, plan: Plan) -> Plan:
        """The plan to follow: the one begun earlier if it is the same, else this one, with everything else removed."""

    def done(self) -> dict[int, Told]:
        """The finished parts."""

    def write(self, part: int, folded: Partition) -> Told:
        """Rows of a part, and the mark that it is finished."""

    def finish(self, at: Checkpoint, parked: Iterable[Parked]) -> None:
        """Sums, indexes, parked keys and, last, the position."""


def code_of(model: ReadModel[Any]) -> str:
    """A hash of the model's version and of all code a fold can reach; parts folded by other code are not used."""
    files = {Path(inspect.getfile(model.fold))}
    for package in (domain, application, projections):
        files.update(Path(package.__path__[0]).rglob("*.py"))
    return sha256(b"\n".join((model.table.encode(), *(file.read_bytes() for file in sorted(files))))).hexdigest()


def told_of(folded: Partition) -> Told:
    """What a part that was folded has to say."""
    return Told(list(folded.failed.values()), [(*name, number) for name, number in sorted(folded.sums().items())], len(folded.rows))


def note_parked(connection: psycopg.Connection[Any], model: ReadModel[Any], build: int, parked: Iterable[Parked]) -> None:
    """Replace the list of parked keys of a build."""
    connection.execute("delete from parked where model = %s and build = %s", (model.table, build))
    rows = [(model.table, build, one.key, one.position, one.error) for one in parked]
    with connection.cursor() as cursor:
        cursor.executemany("insert into parked (model, build, key, position, error) values (%s, %s, %s, %s, %s)", rows)
