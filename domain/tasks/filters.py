"""The filters somebody keeps for their lists of tasks, each under a name."""

from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID, uuid5

import msgspec

from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.shared.refused import NotFound
from domain.tasks import limits
from domain.tasks.errors import FilterNameTaken, TooManyFilters
from domain.tasks.events import TaskFilterChanged, TaskFilterRemoved, TaskFilterSaved, TaskFiltersForgotten

MOST: Final = 100
"""Filters one person may keep."""
NAME: Final = 100
"""Characters of a name, after spaces at both ends are gone."""
QUERY: Final = 8_192
"""Bytes of a query as compact JSON."""


def filters_id(user_id: UUID) -> UUID:
    """The stream of a person's filters."""
    return uuid5(user_id, "tasks.filters")


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter as clients see it. `version` counts its own changes, from 1."""

    id: UUID
    version: int
    name: str
    query: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Filters(Aggregate, frozen=True, kw_only=True):
    """All filters of one person, by id, in the order they were made."""

    kept: dict[UUID, Filter] = msgspec.field(default_factory=dict)

    def one(self, filter_id: UUID) -> Filter:
        """One of them; raises `NotFound`."""
        found = self.kept.get(filter_id)
        if found is None:
            raise NotFound
        return found

    def save(self, user_id: UUID, filter_id: UUID, name: str, query: dict[str, Any], now: datetime) -> list[Event]:
        """Keep one more; raises `Invalid`, `FilterNameTaken`, `TooManyFilters`."""
        name = self._fit(name, query, filter_id)
        if len(self.kept) >= MOST:
            raise TooManyFilters(f"At most {MOST} filters are kept.", most=MOST)
        return [TaskFilterSaved(at=now, user_id=user_id, filter_id=filter_id, name=name, query=query)]

    def change(self, user_id: UUID, filter_id: UUID, name: str, query: dict[str, Any], now: datetime) -> list[Event]:
        """Name it otherwise, or let it filter something else; raises `NotFound`, `Invalid`, `FilterNameTaken`."""
        before = self.one(filter_id)
        name = self._fit(name, query, filter_id)
        if name == before.name and limits.same(query, before.query):
            return []
        return [TaskFilterChanged(at=now, user_id=user_id, filter_id=filter_id, name=name, query=query)]

    def remove(self, user_id: UUID, filter_id: UUID, now: datetime) -> list[Event]:
        """Keep it no more; raises `NotFound`."""
        return [TaskFilterRemoved(at=now, user_id=user_id, filter_id=self.one(filter_id).id)]

    def forget(self, user_id: UUID, now: datetime) -> list[Event]:
        """Keep none any more."""
        return [TaskFiltersForgotten(at=now, user_id=user_id)] if self.kept else []

    def _fit(self, name: str, query: dict[str, Any], filter_id: UUID) -> str:
        name = name.strip()
        limits.refuse(limits.text("/name", name, NAME, least=1) + limits.json("/query", query, QUERY))
        holder = next((one for one in self.kept.values() if one.name.casefold() == name.casefold()), None)
        if holder is not None and holder.id != filter_id:
            raise FilterNameTaken(filter_id=holder.id)
        return name

    def evolve(self, event: Event) -> Self:
        """The filters after one more event."""
        match event:
            case TaskFilterSaved(filter_id=key, name=name, query=query, at=at):
                return self.but(kept={**self.kept, key: Filter(id=key, version=1, name=name, query=query, created_at=at, updated_at=at)})
            case TaskFilterChanged(filter_id=key, name=name, query=query, at=at):
                before = self.kept[key]
                after = msgspec.structs.replace(before, version=before.version + 1, name=name, query=query, updated_at=at)
                return self.but(kept={**self.kept, key: after})
            case TaskFilterRemoved(filter_id=gone):
                return self.but(kept={key: one for key, one in self.kept.items() if key != gone})
            case TaskFiltersForgotten():
                return self.but(kept={})
        return self
