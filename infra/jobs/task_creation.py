"""What becomes of one row: a task, a change of one, or a reason why not."""

from typing import Final
from uuid import UUID, uuid5

import msgspec

from application.jobs.files import RowError
from application.shared.command import Command
from application.shared.context import SYSTEM, Caller, Context
from application.shared.dispatch import Outcome
from application.shared.permissions import Reach, reach
from application.tasks.progress import ChangeTaskStatus
from application.tasks.task import EXTERNAL_ID, CreateTask, EditTask
from domain.identity.person import folded
from domain.shared.aggregate import NOBODY
from domain.shared.refused import Refused, Unavailable, VersionConflict
from domain.tasks.errors import ExternalIdTaken
from domain.tasks.events import Fields
from domain.tasks.status import Status
from infra.app import System
from infra.jobs.records import Record
from infra.jobs.task_rows import RowRefused, TaskWish
from infra.security.idempotency import DerivedKey

REASON: Final = "as imported"
EDITABLE: Final = frozenset(Fields.__struct_fields__)
Fate = tuple[str, tuple[RowError, ...]]
"""`created`, `updated`, `skipped` or `refused`, and what is to be said of it."""


class Row(msgspec.Struct, frozen=True):
    """A record, and what it was read as."""

    record: Record
    read: TaskWish | RowRefused


class Creation:
    """Carries the wishes of rows out, for one `caller`; each under an id that follows from the job and the line."""

    def __init__(self, parts: System, job_id: UUID, on_duplicate: str) -> None:
        self._parts = parts
        self._job_id = job_id
        self._on_duplicate = on_duplicate
        self._owners: dict[str, UUID | None] = {}
        self.caller: Caller = SYSTEM

    async def make(self, row: Row) -> Fate:
        """What becomes of a row; raises `Unavailable`, `VersionConflict` where that cannot be known now."""
        line, wish = row.record.line, row.read
        if isinstance(wish, RowRefused):
            return "refused", wish.errors
        try:
            owner_id = await self._owner(wish.owner, line)
            return await self._carry_out(wish, CreateTask(**wish.fields, owner_id=owner_id), line)
        except RowRefused as refused:
            return "refused", refused.errors
        except (Unavailable, VersionConflict):
            raise
        except Refused as refused:
            return "refused", errors_of(refused, line)

    async def _carry_out(self, wish: TaskWish, command: CreateTask, line: int) -> Fate:
        try:
            task_id = await self._task_of(await self._do(command, f"line/{line}"))
        except ExternalIdTaken:
            return await self._meet(wish, command, line)
        return "created", await self._bring_to(wish.status, task_id, line)

    async def _meet(self, wish: TaskWish, command: CreateTask, line: int) -> Fate:
        """Another task of the owner has the external id."""
        if self._on_duplicate == "skip":
            return "skipped", ()
        if self._on_duplicate != "update":
            raise ExternalIdTaken
        name = f"{command.owner_id or self.caller.id}:{command.external_id}"
        task_id = await self._parts.log.holder(EXTERNAL_ID, self._parts.sealing.hmac(EXTERNAL_ID, name))
        changes = Fields(**{field: value for field, value in wish.fields.items() if field in EDITABLE})
        await self._do(EditTask(task_id=task_id or NOBODY, changes=changes), f"update/{line}")
        return "updated", await self._bring_to(wish.status, task_id or NOBODY, line)

    async def _bring_to(self, status: Status, task_id: UUID, line: int) -> tuple[RowError, ...]:
        """Where the row says the task stands; what is refused of that is told, and the task stays where it is."""
        if status is Status.PENDING:
            return ()
        try:
            await self._do(ChangeTaskStatus(task_id=task_id, status=status, reason=REASON), f"status/{line}")
        except (Unavailable, VersionConflict):
            raise
        except Refused as refused:
            return (RowError(line, "status", refused.code(), f"The task is there, but stays where it stands. {refused.detail}"),)
        return ()

    async def _do(self, command: Command, what: str) -> Outcome:
        command_id = uuid5(self._job_id, what)
        context = Context(self.caller, command_id, correlation_id=self._job_id, causation_id=self._job_id, key=DerivedKey(command_id))
        return await self._parts.dispatch(command, context)

    async def _task_of(self, outcome: Outcome) -> UUID:
        """The task that was created, by now or by an attempt before this one."""
        if outcome.result is not None:
            created: UUID = outcome.result.id
            return created
        ((stream_id,),) = await self._parts.log.reads("select stream_id from events where position = %b", outcome.position)
        return UUID(str(stream_id))

    async def _owner(self, text: str | None, line: int) -> UUID | None:
        """The owner a row names, by id or e-mail; only who may create tasks of others learns whether there is such an account."""
        if text is None:
            return None
        if text == str(self.caller.id):
            return self.caller.id
        if reach(self.caller, "tasks:create") is not Reach.ALL:
            raise RowRefused(RowError(line, "owner_id", "forbidden", "Only administrators create tasks of others."))
        if text not in self._owners:
            self._owners[text] = await self._look_up(text)
        found = self._owners[text]
        if found is None:
            raise RowRefused(RowError(line, "owner_id", "unknown_user", "There is no such user."))
        return found

    async def _look_up(self, text: str) -> UUID | None:
        try:
            return UUID(text)
        except ValueError:
            return await self._parts.log.holder("email", self._parts.sealing.hmac("email", folded(text)))


class Rehearsal(Creation):
    """Says what would become of each row, and writes nothing."""

    def __init__(self, parts: System, job_id: UUID, on_duplicate: str) -> None:
        super().__init__(parts, job_id, on_duplicate)
        self._seen = set[int]()

    async def _do(self, command: Command, what: str) -> Outcome:
        del what
        if isinstance(command, CreateTask) and command.external_id is not None:
            name = hash((command.owner_id or self.caller.id, command.external_id))  # Eight bytes each: a file has many.
            if name in self._seen:
                raise ExternalIdTaken
            self._seen.add(name)
        return Outcome(await self._parts.dispatch.rehearse(command, Context(self.caller, self._job_id)), 0)

    async def _meet(self, wish: TaskWish, command: CreateTask, line: int) -> Fate:
        if self._on_duplicate == "update":
            return "updated", ()
        return await super()._meet(wish, command, line)

    async def _bring_to(self, status: Status, task_id: UUID, line: int) -> tuple[RowError, ...]:
        del status, task_id, line
        return ()


def errors_of(refused: Refused, line: int) -> tuple[RowError, ...]:
    """A refusal as what is wrong with the fields of a row."""
    errors = refused.facts.get("errors")
    if errors:
        return tuple(RowError(line, error["pointer"].strip("/").replace("/", "."), error["code"], error["message"]) for error in errors)
    return (RowError(line, _FIELDS.get(type(refused).__name__, ""), refused.code(), refused.detail),)


_FIELDS: Final = {"ExternalIdTaken": "external_id", "ProjectArchived": "project_id", "NotFound": "project_id", "Hidden": "project_id"}
