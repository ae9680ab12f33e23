"""The in-memory twin of what is kept of people outside the log: nothing, but whom it was told to forget."""

from collections.abc import Sequence
from uuid import UUID


class MemoryRemains:
    """The lists stand for the read models of these."""

    def __init__(self) -> None:
        self.sessions: dict[UUID, list[UUID]] = {}
        self.keys: dict[UUID, list[UUID]] = {}
        self.tasks: dict[UUID, list[UUID]] = {}
        self.notifications: dict[UUID, list[UUID]] = {}
        self.circles: dict[UUID, list[UUID]] = {}
        self.invitations: dict[UUID, list[UUID]] = {}
        self.forgotten: list[UUID] = []
        self.slow = 0

    async def sessions_of(self, person_id: UUID) -> Sequence[UUID]:
        """What a test put there."""
        return self.sessions.get(person_id, [])

    async def keys_of(self, person_id: UUID) -> Sequence[UUID]:
        """What a test put there."""
        return self.keys.get(person_id, [])

    async def tasks_of(self, person_id: UUID, *, seen: int, beyond: UUID | None, most: int) -> Sequence[UUID]:  # noqa: ARG002 — always known.
        """Those a test put there."""
        return sorted(one for one in self.tasks.get(person_id, []) if beyond is None or one > beyond)[:most]

    async def notifications_of(self, person_id: UUID, *, after: UUID) -> Sequence[UUID]:  # noqa: ARG002 — always known.
        """What a test put there."""
        return self.notifications.get(person_id, [])

    async def circles_of(self, person_id: UUID, *, seen: int) -> Sequence[UUID]:  # noqa: ARG002 — always known.
        """What a test put there."""
        return self.circles.get(person_id, [])

    async def invitations_of(self, person_id: UUID, *, seen: int) -> Sequence[UUID]:  # noqa: ARG002 — always known.
        """What a test put there."""
        return self.invitations.get(person_id, [])

    async def forget(self, person_id: UUID, sessions: Sequence[UUID]) -> bool:  # noqa: ARG002 — nothing is kept of them here.
        """Note it; `slow` times it is not done yet."""
        self.slow -= 1
        if self.slow < 0:
            self.forgotten.append(person_id)
        return self.slow < 0
