"""What projects and teams have in common: members with roles around somebody whose it is."""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec

from domain.projects.errors import AlreadyMember, OwnerNeeded, TooManyMembers
from domain.projects.kind import Kind
from domain.projects.membership import Membership
from domain.projects.role import MemberRole
from domain.shared.conflicts import ProjectArchived
from domain.shared.event import Event
from domain.shared.fields import invalid
from domain.shared.refused import NotFound

MEMBERS: Final = 100


class Words(msgspec.Struct, frozen=True):
    """The events in which one kind of circle says what happened to its members, and which kind."""

    kind: Kind
    added: type[Event]
    changed: type[Event]
    removed: type[Event]
    reowned: type[Event]
    deleted: type[Event]
    restored: type[Event]


class Circle(Membership, frozen=True, kw_only=True):
    """A project or a team as something that has members."""

    words: ClassVar[Words]

    @property
    def exists(self) -> bool:
        """Whether it was created as what it is taken for, and is not hidden."""
        return self.was_made and not self.deleted

    @property
    def was_made(self) -> bool:
        """The same, hidden or not: a team's id names no project."""
        return self.kind is self.words.kind

    @property
    def member_ids(self) -> list[UUID]:
        """Who belongs to it, in the order they came."""
        return list(self.members)

    def say(self, fact: type[Event], now: datetime, **told: Any) -> Event:
        """A fact about this circle."""
        return fact(at=now, **{f"{self.words.kind}_id": self.id}, **told)

    def must_be_open(self) -> None:
        """Raises `ProjectArchived`."""
        if self.archived:
            raise ProjectArchived

    def must_have_room(self) -> None:
        """Raises `TooManyMembers`."""
        if len(self.members) >= MEMBERS:
            raise TooManyMembers(f"There may be {MEMBERS} members at most.", most=MEMBERS)

    def add_member(self, user_id: UUID, role: MemberRole, now: datetime) -> list[Event]:
        """Somebody belongs to it; told twice with the same role, nothing new happens."""
        self.must_be_open()
        _must_be_given(role)
        present = self.members.get(user_id)
        if present is not None:
            if present is not role:
                raise AlreadyMember(role=present)
            return []
        self.must_have_room()
        return [self.say(self.words.added, now, user_id=user_id, role=role)]

    def change_role(self, user_id: UUID, role: MemberRole, now: datetime) -> list[Event]:
        """A member may do something else from now on; raises `NotFound` for who is none."""
        self.must_be_open()
        _must_be_given(role)
        present = self._member(user_id)
        return [] if present is role else [self.say(self.words.changed, now, user_id=user_id, role=role, previous=present)]

    def remove_member(self, user_id: UUID, now: datetime) -> list[Event]:
        """Somebody leaves or is sent away; raises `NotFound` for who is no member, `OwnerNeeded` for the owner."""
        self.must_be_open()
        self._member(user_id)
        return [self.say(self.words.removed, now, user_id=user_id)]

    def give_to(self, user_id: UUID, now: datetime) -> list[Event]:
        """Let it be somebody else's; the owner before stays as a manager."""
        self.must_be_open()
        if user_id == self.owner_id:
            return []
        if user_id not in self.members:
            self.must_have_room()
        return [self.say(self.words.reowned, now, owner_id=user_id, previous_owner_id=self.owner_id)]

    def delete(self, now: datetime) -> list[Event]:
        """Hide it from everybody."""
        return [] if self.deleted else [self.say(self.words.deleted, now)]

    def restore(self, now: datetime) -> list[Event]:
        """Bring it back."""
        return [self.say(self.words.restored, now)] if self.deleted else []

    def heirs(self) -> list[UUID]:
        """Whose it could be after its owner: who reaches furthest first, among those who came first."""
        others = [user for user, role in self.members.items() if role is not MemberRole.OWNER]
        return sorted(others, key=lambda user: list(MemberRole).index(self.members[user]))

    def lose(self, user_id: UUID, heir: UUID | None, now: datetime) -> list[Event]:
        """Somebody's account is gone: they are no member any more, archived or not. What they owned is the heir's, or deleted without one."""
        if user_id not in self.members:
            return []
        gone = self.say(self.words.removed, now, user_id=user_id)
        if user_id != self.owner_id:
            return [gone]
        if heir is None:
            return self.delete(now)
        return [self.say(self.words.reowned, now, owner_id=heir, previous_owner_id=user_id), gone]

    def _member(self, user_id: UUID) -> MemberRole:
        role = self.members.get(user_id)
        if role is None:
            raise NotFound
        if role is MemberRole.OWNER:
            raise OwnerNeeded
        return role


def _must_be_given(role: MemberRole) -> None:
    if role is MemberRole.OWNER:
        raise invalid("/role", "not_allowed", "There is one owner; ownership is transferred.")
