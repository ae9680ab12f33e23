"""The room one person has for files: a stream of its own, so that uploads at the same moment are counted one after the other."""

from datetime import datetime
from typing import Final, Self
from uuid import UUID, uuid5

import msgspec

from domain.files.errors import QuotaExceeded
from domain.files.events import StorageFreed, StorageTaken
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

FILES: Final = 10_000
"""How many files one person may have, however small."""


def shelf_of(uploader_id: UUID) -> UUID:
    """The stream of somebody's room for files, beside the stream of their account."""
    return uuid5(uploader_id, "files.shelf")


class Shelf(Aggregate, frozen=True, kw_only=True):
    """The files of one person by id, with their sizes in bytes."""

    sizes: dict[UUID, int] = msgspec.field(default_factory=dict)
    used: int = 0

    def must_have_room(self, size: int, quota: int) -> None:
        """Raises `QuotaExceeded`, which says how much is used."""
        if self.used + size > quota:
            raise QuotaExceeded(f"{self.used} of {quota} bytes are used; this file has {size}.", used=self.used, quota=quota)
        if len(self.sizes) >= FILES:
            raise QuotaExceeded(f"There are {FILES} files already.", used=self.used, quota=quota)

    def take(self, uploader_id: UUID, file_id: UUID, size: int, quota: int, now: datetime) -> list[Event]:
        """Keep room for a file; raises `QuotaExceeded`."""
        self.must_have_room(size, quota)
        return [StorageTaken(at=now, uploader_id=uploader_id, file_id=file_id, size=size)]

    def free(self, uploader_id: UUID, file_id: UUID, now: datetime) -> list[Event]:
        """Give the room of a file back; done again, nothing new happens."""
        size = self.sizes.get(file_id)
        return [] if size is None else [StorageFreed(at=now, uploader_id=uploader_id, file_id=file_id, size=size)]

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        match event:
            case StorageTaken(file_id=file_id, size=size):
                return self.but(sizes={**self.sizes, file_id: size}, used=self.used + size)
            case StorageFreed(file_id=file_id, size=size):
                return self.but(sizes={one: its for one, its in self.sizes.items() if one != file_id}, used=self.used - size)
        return self
