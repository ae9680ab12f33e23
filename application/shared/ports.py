"""What the application needs from the world, as protocols; `infra` provides them, its in-memory twins pass the same tests."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from application.shared.context import Caller, Context
from application.shared.outside import Outside
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.shared.refused import Refused

A = TypeVar("A", bound=Aggregate)


class Staged(msgspec.Struct, frozen=True, gc=False):
    """An event that waits to be written as `version` of its stream."""

    stream_id: UUID
    version: int
    event: Event


class Claim(msgspec.Struct, frozen=True):
    """A unique name claimed for `owner`, or released where owner is None. `taken` is the refusal when somebody else holds it, or `Lost`."""

    kind: str
    hmac: bytes
    owner: UUID | None
    taken: "type[Refused | Lost]"


class Secret(msgspec.Struct, frozen=True):
    """An entry of the vault to keep, or to drop where `sealed` is None."""

    kind: str
    id: UUID
    sealed: bytes | None


class Entry(msgspec.Struct, kw_only=True):
    """Everything one command writes: all of it or nothing."""

    context: Context
    decided_at: datetime
    events: Sequence[Staged] = ()
    states: dict[UUID, Aggregate] = {}
    """The state each stream comes to."""
    unwritten: dict[UUID, Aggregate] = {}
    """The states it was decided on that were not written yet when they were read."""
    claims: Sequence[Claim] = ()
    secrets: Sequence[Secret] = ()
    status: int = 0
    answer: bytes | None = None
    queued: Callable[[], None] = lambda: None
    """Called once whoever loads these streams sees the states they come to, written or not."""


class Written(msgspec.Struct, frozen=True):
    """What became of an entry: its position, or what an earlier command with the same key was told (`duplicate`)."""

    position: int
    duplicate: bool = False
    fingerprint: bytes = b""
    status: int = 0
    answer: bytes | None = None


class Lost(Exception):
    """The entry was decided on a state that is no longer the newest; decide again. Handlers may find so themselves."""


class Log(Protocol):
    """The append-only log with optimistic concurrency per stream, unique names and the vault beside it."""

    def now(self) -> datetime:
        """Database time (UTC)."""

    async def load(self, kind: type[A], stream_id: UUID) -> tuple[A, int]:
        """The newest state, including this process's unwritten events, and the position of its last written event (0: none)."""

    async def load_many(self, kind: type[A], stream_ids: Sequence[UUID]) -> list[tuple[A, int]]:
        """The same of many streams, in their order, read together."""

    async def append(self, entry: Entry) -> Written:
        """Write an entry; raises `Lost`, the refusal of a taken name, or `Overloaded`."""

    async def answered(self, key: bytes, *, lasting: bool) -> Written | None:
        """What a key was answered with, if it was used."""

    async def settled(self, stream_ids: Sequence[UUID], unwritten: Sequence[Aggregate] = ()) -> bool:
        """Wait until this process's unwritten entries for these streams are written; False when one of them was lost.

        `unwritten` are the states that were not written yet when they were read: False also when one of them is lost by now.
        """

    async def holder(self, kind: str, hmac: bytes) -> UUID | None:
        """Who holds a unique name."""

    async def holders(self, kind: str, hmacs: Sequence[bytes]) -> dict[bytes, UUID]:
        """Who holds each of several unique names, read together; names that nobody holds are left out."""

    async def secret(self, kind: str, id: UUID) -> bytes | None:
        """A sealed entry of the vault."""

    async def secrets(self, kind: str, ids: Sequence[UUID]) -> dict[UUID, bytes]:
        """Sealed entries of the vault, those that are there."""


class Sealing(Protocol):
    """Server-side cryptography: HMACs of names, sealing of secrets, and keys of persons."""

    def hmac(self, kind: str, name: str) -> bytes:
        """What stands for a name where the name itself must not stand."""

    def seal(self, kind: str, id: UUID, secret: bytes) -> bytes:
        """A vault entry sealed with the master key, bound to its kind and id."""

    def open(self, kind: str, id: UUID, sealed: bytes) -> bytes:
        """The content of a vault entry."""

    def new_key(self) -> bytes:
        """A fresh random key or token of 32 bytes."""

    def seal_personal(self, key: bytes, person_id: UUID, text: str) -> bytes:
        """A personal field, readable only while the person's key exists."""

    def open_personal(self, key: bytes, person_id: UUID, sealed: bytes) -> str:
        """A personal field in clear."""


class Passwords(Protocol):
    """Slow hashing of passwords, off the event loop."""

    async def hash(self, password: str) -> bytes:
        """A salted hash; takes a quarter of a second."""

    async def verify(self, password: str, hashed: bytes | None) -> bool:
        """Whether the password fits; takes as long when there is no hash."""

    def is_common(self, password: str) -> bool:
        """Whether the password is on the list of those tried first."""

    def needs_rehash(self, hashed: bytes) -> bool:
        """Whether a hash was made at another cost than today's."""


class Work(Protocol):
    """The unit of work of one command, as its handler sees it."""

    async def load(self, kind: type[A], stream_id: UUID) -> A:
        """The state of a stream, version 0 if it has not begun."""

    async def load_many(self, kind: type[A], stream_ids: Sequence[UUID]) -> list[A]:
        """The states of many streams, in their order, read together; `load` gives the same from then on, without another read."""

    async def turn(self, stream_ids: Sequence[UUID]) -> None:
        """Before loading streams where many commands meet: wait until those before have decided. Once per command, for all of them."""

    async def change(self, kind: type[A], stream_id: UUID, decide: Callable[[A], list[Event]], *, if_match: int | None = None) -> A:
        """Decide on a stream that exists (`NotFound` otherwise) and stage the events; the state after them."""

    def stage(self, state: A, *events: Event) -> A:
        """Stage events of a stream whose state is at hand, a new one or one that was loaded; the state after them."""

    async def holder(self, kind: str, name: str) -> UUID | None:
        """Who holds a unique name."""

    async def holders(self, kind: str, names: Sequence[str]) -> None:
        """Look up who holds several names together: `holder` knows it from then on."""

    def claim(self, kind: str, name: str, owner: UUID, taken: type[Refused | Lost]) -> None:
        """Claim a unique name together with the events; `taken` by somebody else refuses, or decides again (`Lost`)."""

    def release(self, kind: str, name: str) -> None:
        """Give a unique name back."""

    async def secret(self, kind: str, id: UUID) -> bytes | None:
        """The content of a vault entry."""

    def keep(self, kind: str, id: UUID, secret: bytes | None) -> None:
        """Keep (or drop, when None) a vault entry together with the events."""

    def acts(self, user_id: UUID) -> None:
        """Whoever asks has just proved to be this account: the events are theirs, and reads of theirs wait for them."""

    def refuse(self, refused: Refused) -> None:
        """Write what is staged first, then refuse: for refusals that are facts themselves."""


class Ports(msgspec.Struct, frozen=True):
    """What a handler may use. `now` is database time; ids are UUIDv7, so that streams begin close together in the index."""

    log: Work
    now: datetime
    caller: Caller
    new_id: Callable[[], UUID]
    sealing: Sealing
    passwords: Passwords
    settings: Any = None
    outside: Outside = None  # type: ignore[assignment]  # Small worlds of tests do without.
