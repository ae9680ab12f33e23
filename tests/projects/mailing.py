"""A small Daybook in which people register, are invited by mail, and follow what the mails say."""

import re
from uuid import UUID

import application.projects.leaving  # noqa: F401 — registers it.
from application.projects.invitation import Invite
from application.projects.project import CreateProject
from application.shared.context import SYSTEM, Caller
from application.shared.reaction import REACTIONS
from domain.projects.events import ProjectFields
from domain.projects.invitation import Invitation
from domain.projects.kind import Kind
from domain.projects.project import Project
from domain.projects.role import MemberRole
from domain.shared.event import Event
from tests.notifications.world import Post

GUEST = "bob@example.org"


class Mailing(Post):
    """With an owner, ann, and a project of hers."""

    async def begin(self) -> "Mailing":
        self.ann = await self.comes("ann@example.org")
        self.project: Project = await self.ask(CreateProject(fields=ProjectFields(name="Garden")), self.ann)
        self.mail.sent.clear()
        return self

    async def comes(self, email: str) -> Caller:
        """Somebody registers and signs in."""
        return Caller((await self.register(email)).person.id, "user")

    async def invite(self, email: str = GUEST, role: MemberRole = MemberRole.MEMBER, by: Caller | None = None) -> Invitation:
        """Invite, and send what is to be sent."""
        since = len(self.log.recorded)
        wish = Invite(kind=Kind.PROJECT, circle_id=self.project.id, email=email, role=role)
        made: Invitation = await self.ask(wish, by or self.ann)
        await self.react(since)
        return made

    async def reacts(self, name: str, since: int = 0) -> None:
        """One reaction to everything after a position, and the mails that follow."""
        for recorded in self.log.recorded[since:]:
            if isinstance(recorded.event, REACTIONS[name].listens):
                for command in REACTIONS[name].react(recorded):
                    await self.ask(command, SYSTEM)
        await self.react(since)

    def token(self) -> str:
        """The word in the newest mail."""
        (found,) = re.findall(r"/invitation#token=(\S+)", self.mail.sent[-1].text)
        return str(found)

    async def now(self) -> Project:
        """The project."""
        return (await self.log.load(Project, self.project.id))[0]

    def said(self, kind: type[Event]) -> list[Event]:
        """All events of this kind."""
        return [recorded.event for recorded in self.log.recorded if isinstance(recorded.event, kind)]

    def has_key(self, invitation_id: UUID) -> bool:
        """Whether the address of an invitation can still be read."""
        return ("person_key", invitation_id) in self.log.vault
