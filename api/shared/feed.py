"""The log as it grows, for those who are told at once what happens; and tickets for clients that cannot send headers."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol
from uuid import UUID

from domain.shared.event import Recorded


class Feed(Protocol):
    """Every event exactly once and in order, however the broker is."""

    def end(self) -> None:
        """This process is to end, and nothing is followed any more."""

    async def head(self) -> int:
        """The newest position of the log."""

    def follow(self, position: int) -> AsyncGenerator[Sequence[Recorded[Any]], None]:
        """The events after a position, as they are recorded; ends when this process is to end or the log is not the same any more."""

    async def after(self, position: int, limit: int) -> Sequence[Recorded[Any]]:
        """Up to `limit` events after a position that are there by now."""

    async def streams(self, ids: Sequence[UUID], upto: int) -> Sequence[Recorded[Any]]:
        """The events of some streams up to a position, each stream in order."""


class Tickets(Protocol):
    """Words that stand for a proof of who calls, once and for 30 s. Raise what a driver raises when they cannot be kept or found."""

    async def issue(self, proof: str) -> str:
        """A new ticket for an access token or an API key."""

    async def redeem(self, ticket: str) -> str | None:
        """What it stood for; None when it is unknown, too old or was used."""
