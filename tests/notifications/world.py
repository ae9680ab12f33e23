"""A small Daybook that also runs the reactions and deadlines of notifications, by hand."""

from typing import Any
from uuid import UUID

import application.notifications.reactions  # noqa: F401 — registers them.
from application.shared.context import SYSTEM, Context
from application.shared.deadline import DEADLINES, Deadline
from application.shared.reaction import REACTIONS, derived_id
from domain.identity.events import Sealed
from domain.shared.event import Event
from infra.security.idempotency import DerivedKey
from tests.identity.small_daybook import Identity

ADDRESS = "https://daybook.example"
MINE = ("notifications.mail", "notifications.send")


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
            for name in MINE:
                if isinstance(recorded.event, REACTIONS[name].listens):
                    for nth, command in enumerate(REACTIONS[name].react(recorded)):
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
        rows: dict[UUID, Deadline] = {}
        kind, since = DEADLINES["notifications.retry"], len(self.log.recorded)
        for recorded in self.log.recorded:
            if isinstance(recorded.event, kind.listens):
                row = kind.fold(recorded.stream_id, rows.pop(recorded.stream_id, None), recorded)
                rows |= {} if row is None else {recorded.stream_id: row}
        for row in rows.values():
            if row.due_at <= self.time:
                await self.ask(row.command, SYSTEM)
        await self.react(since)

    def mails(self) -> list[Any]:
        """Everything that happened to mails."""
        return [recorded.event for recorded in self.log.recorded if type(recorded.event).__name__.startswith("Mail")]
