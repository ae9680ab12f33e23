"""Who asks, on whose behalf, and under which key: what travels beside a command."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from domain.shared.refused import Refused


class Caller(msgspec.Struct, frozen=True):
    """The authenticated principal; `id` is None for Daybook itself (reactions, the clock), whose role is `system`.

    `scopes` bound what an API key or a program that acts for somebody may do; None: whatever the roles permit. `authenticated_at` is
    when a person last proved who they are, None for what is no person. `address` and `agent` tell where a request came from.
    """

    id: UUID | None
    role: str
    session_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    """All roles, of which `role` reaches furthest; left out: only that one."""
    scopes: frozenset[str] | None = None
    authenticated_at: datetime | None = None
    methods: tuple[str, ...] = ()
    client_id: UUID | None = None
    key_id: UUID | None = None
    address: str = ""
    agent: str = ""

    @property
    def is_admin(self) -> bool:
        """May act on everything."""
        return self.role == "admin"


SYSTEM = Caller(None, "system")
ANONYMOUS = Caller(None, "anonymous")


class Key(Protocol):
    """An idempotency key, already bound to its scope (caller, method, route)."""

    @property
    def id(self) -> bytes:
        """What is stored: an HMAC of scope and key, or the 16 bytes of a derived command id."""

    @property
    def fingerprint(self) -> bytes:
        """Of the request; the same key with another fingerprint is refused."""

    @property
    def lasting(self) -> bool:
        """Kept for ever (reactions, clock) instead of 24 h (HTTP callers)."""

    def seal(self, body: bytes) -> bytes:
        """The body as it is stored, readable only with the caller's key."""

    def open(self, sealed: bytes) -> bytes:
        """The body of a stored answer."""


class Answer(msgspec.Struct, frozen=True):
    """What a client is told: a status and a body without its position. A large body, and one that names a person, is kept only as
    the id it is rendered from.
    """

    status: int
    body: bytes
    again: UUID | None = None
    personal: bool = False


class Answering(Protocol):
    """How the outcome of one command is told to its client; given by the API, so that the answer is stored with the events."""

    def result(self, result: object) -> Answer:
        """The answer for what the handler returned."""

    def refusal(self, refused: Refused) -> Answer | None:
        """The answer for a refusal, or None where refusals of its kind are not stored."""


class Context(msgspec.Struct, frozen=True):
    """Everything about a command that is not the wish itself; goes into the metadata of its events."""

    caller: Caller
    command_id: UUID
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    trace_id: str | None = None
    key: Key | None = None
