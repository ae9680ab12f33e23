"""A small Daybook that also runs the reactions and deadlines of notifications, by hand."""

from typing import Any
from uuid import UUID

from application.notifications import account, digest, forgetting, job, mail, notification, order, project, reactions, stock, task
from application.shared.context import SYSTEM, Caller, Context
from application.shared.deadline import DEADLINES, Deadline
from application.shared.ports import Entry, Staged
from application.shared.reaction import REACTIONS, derived_id
from domain.identity.events import Sealed
from domain.notifications.events import NotificationCreated
from domain.shared.event import Event
from domain.tasks.events import TaskCreated
from infra.security.idempotency import DerivedKey
from tests.identity.small_daybook import Identity
from tests.scenario import Bare

REGISTERED = (account, digest, forgetting, job, mail, notification, order, project, reactions, stock, task)
"""Importing them is what makes them listen."""
ADDRESS = "https://daybook.example"
MINE = "notifications."


class Post(Identity):
    """What tests ask and look at."""

    def __init__(self) -> None:
        super().__init__()
        self.settings.address = ADDRESS
        self.settings.notification_lifetime = 90 * 86_400
        self.person: UUID = UUID(int=0)

    async def somebody(self, email: str = "ada@example.org") -> UUID:
        self.person = (await self.register(email)).person.id
        return self.person

    def sealed(self, text: str, person: UUID | None = None) -> Sealed:
        person = person or self.person
        key = self.sealing.open("person_key", person, self.log.vault["person_key", person])
        return Sealed(self.sealing.seal_personal(key, person, text).decode())

    async def react(self, since: int = 0) -> None:
        """What the consumers do with everything after a position, until nothing more follows."""
        done = since
        while done < len(self.log.recorded):
            recorded = self.log.recorded[done]
            for name, reaction in REACTIONS.items():
                if name.startswith(MINE) and isinstance(recorded.event, reaction.listens):
                    for nth, command in enumerate(reaction.react(recorded)):
                        command_id = derived_id(recorded, name, nth)
                        await self.dispatch(command, Context(SYSTEM, command_id, key=DerivedKey(command_id)))
            done += 1

    async def happens(self, event: Event, stream: UUID | None = None) -> None:
        """A fact of identity, and what follows from it."""
        since = len(self.log.recorded)
        await self.record(stream or self.person, event)
        await self.react(since)

    async def tick(self) -> None:
        """The clock does what is due, and what follows."""
        rows: dict[tuple[str, UUID], Deadline] = {}
        since = len(self.log.recorded)
        for recorded in self.log.recorded:
            for name, kind in DEADLINES.items():
                if name.startswith(MINE) and isinstance(recorded.event, kind.listens):
                    slot = (name, recorded.stream_id)
                    row = kind.fold(recorded.stream_id, rows.pop(slot, None), recorded)
                    rows |= {} if row is None else {slot: row}
        for row in rows.values():
            if row.due_at <= self.time:
                await self.ask(row.command, SYSTEM)
        await self.react(since)

    async def people(self, *names: str) -> list[UUID]:
        """Accounts of people, who have addresses and keys."""
        return [(await self.register(f"{name}@example.org")).person.id for name in names]

    async def task(self, owner: UUID, *events: Any, by: UUID | None = None) -> tuple[UUID, int]:
        """A task of somebody with these facts, and the place in the log after its creation."""
        task_id = self.new_id()
        await self.fact(task_id, TaskCreated(at=self.time, owner_id=owner, title="Sweep the yard"), by=owner)
        since = len(self.log.recorded)
        for event in events:
            await self.fact(task_id, event, by=by)
        await self.react(since)
        return task_id, since

    async def fact(self, stream: UUID, event: Event, *, by: UUID | None = None) -> None:
        """A fact of another context, done by somebody or by Daybook itself."""
        state, _ = await self.log.load(Bare, stream)
        caller = SYSTEM if by is None else Caller(by, "user")
        context = Context(caller, self.new_id())
        await self.log.append(Entry(context=context, decided_at=self.time, events=[Staged(stream, state.version + 1, event)]))

    async def done(self, stream: UUID, *events: Event, by: UUID | None = None) -> None:
        """Facts of another context, and what follows."""
        since = len(self.log.recorded)
        for event in events:
            await self.fact(stream, event, by=by)
        await self.react(since)

    def told(self, user_id: UUID | None = None) -> list[NotificationCreated]:
        """What was told, in order: to one person, or to all."""
        found = [recorded.event for recorded in self.log.recorded if isinstance(recorded.event, NotificationCreated)]
        return [one for one in found if user_id in (None, one.user_id)]

    def mails(self) -> list[Any]:
        """Everything that happened to mails."""
        return [recorded.event for recorded in self.log.recorded if type(recorded.event).__name__.startswith("Mail")]
