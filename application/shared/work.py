"""The unit of work: a handler stages events, names and secrets in it; dispatch writes all of it or nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.shared.context import Context
from application.shared.ports import A, Claim, Entry, Log, Lost, Sealing, Secret, Staged
from application.shared.preconditions import must_be_version
from application.shared.turns import Turns
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.shared.refused import NotFound, Refused


class UnitOfWork:
    """What one run of a handler loaded and staged."""

    def __init__(self, log: Log, sealing: Sealing, turns: Turns | None = None) -> None:
        self._log = log
        self._turns = turns
        self._mine: list[UUID] = []
        self._sealing = sealing
        self._events: list[Staged] = []
        self._states: dict[UUID, Aggregate] = {}
        self._unwritten: dict[UUID, Aggregate] = {}
        self._read: dict[tuple[type[Aggregate], UUID], Aggregate] = {}
        self._holders: dict[tuple[str, bytes], UUID | None] = {}
        self._claims: list[Claim] = []
        self._secrets: list[Secret] = []
        self._kept: dict[tuple[str, UUID], bytes | None] = {}
        self.loaded: set[UUID] = set()
        self.reached = 0
        self.refused: Refused | None = None
        self._actor: UUID | None = None

    async def turn(self, stream_ids: Sequence[UUID]) -> None:
        """Wait for one's turn at streams where many meet; once."""
        if self._turns is not None and not self._mine:
            self._mine = await self._turns.take(stream_ids)

    def leave(self) -> None:
        """It is decided: let the next ones have their turn."""
        if self._turns is not None:
            mine, self._mine = self._mine, []
            self._turns.leave(mine)

    async def load(self, kind: type[A], stream_id: UUID) -> A:
        """The state of a stream, including what this work staged."""
        staged = self._states.get(stream_id)
        if isinstance(staged, kind):
            return staged
        read = self._read.get((kind, stream_id))
        return read if isinstance(read, kind) else self._noted(*await self._log.load(kind, stream_id))

    async def load_many(self, kind: type[A], stream_ids: Sequence[UUID]) -> list[A]:
        """The states of many streams; those that are known by now are not read again."""
        wanted = [one for one in dict.fromkeys(stream_ids) if (kind, one) not in self._read and not isinstance(self._states.get(one), kind)]
        for state, position in await self._log.load_many(kind, wanted) if wanted else ():
            self._read[kind, state.id] = self._noted(state, position)
        return [await self.load(kind, one) for one in stream_ids]

    def _noted(self, state: A, position: int) -> A:
        self.loaded.add(state.id)
        self.reached = max(self.reached, position)
        if state.version > 0 and position == 0:
            self._unwritten[state.id] = state
        return state

    async def change(self, kind: type[A], stream_id: UUID, decide: Callable[[A], list[Event]], *, if_match: int | None = None) -> A:
        """Decide on a stream that exists and stage the events."""
        state = await self.load(kind, stream_id)
        if not state.exists:
            raise NotFound
        must_be_version(state.version, if_match)
        return self.stage(state, *decide(state))

    def stage(self, state: A, *events: Event) -> A:
        """Stage events of a stream whose state is at hand."""
        if not events:
            return state
        for event in events:
            stamped = state.stamped(event)
            state = state.after(stamped)
            self._events.append(Staged(state.id, state.version, stamped))
        self._states[state.id] = state
        return state

    async def holder(self, kind: str, name: str) -> UUID | None:
        """Who holds a unique name, by what this work staged or else by the log."""
        hmac = self._sealing.hmac(kind, name)
        return self._holders[kind, hmac] if (kind, hmac) in self._holders else await self._log.holder(kind, hmac)

    async def holders(self, kind: str, names: Sequence[str]) -> None:
        """Look up several names together."""
        hmacs = [hmac for hmac in (self._sealing.hmac(kind, name) for name in names) if (kind, hmac) not in self._holders]
        found = await self._log.holders(kind, hmacs) if hmacs else {}
        self._holders.update({(kind, hmac): found.get(hmac) for hmac in hmacs})

    def claim(self, kind: str, name: str, owner: UUID, taken: type[Refused | Lost]) -> None:
        """Claim a unique name."""
        self._stake(Claim(kind, self._sealing.hmac(kind, name), owner, taken))

    def release(self, kind: str, name: str) -> None:
        """Give a unique name back."""
        self._stake(Claim(kind, self._sealing.hmac(kind, name), None, Refused))

    def _stake(self, claim: Claim) -> None:
        self._claims.append(claim)
        self._holders[claim.kind, claim.hmac] = claim.owner

    async def secret(self, kind: str, id: UUID) -> bytes | None:
        """The content of a vault entry, including what this work staged."""
        if (kind, id) in self._kept:
            return self._kept[kind, id]
        sealed = await self._log.secret(kind, id)
        return None if sealed is None else self._sealing.open(kind, id, sealed)

    def keep(self, kind: str, id: UUID, secret: bytes | None) -> None:
        """Keep or drop a vault entry."""
        self._kept[kind, id] = secret
        self._secrets.append(Secret(kind, id, None if secret is None else self._sealing.seal(kind, id, secret)))

    def acts(self, user_id: UUID) -> None:
        """Whoever asks has just proved to be this account: the events are theirs."""
        self._actor = user_id

    def refuse(self, refused: Refused) -> None:
        """Write what is staged, then refuse."""
        self.refused = refused

    def entry(self, context: Context, decided_at: datetime) -> Entry:
        """Everything staged so far."""
        if self._actor is not None and context.caller.id is None:
            context = msgspec.structs.replace(context, caller=msgspec.structs.replace(context.caller, id=self._actor))
        return Entry(
            context=context,
            decided_at=decided_at,
            events=self._events,
            states=self._states,
            unwritten=self._unwritten,
            claims=self._claims,
            secrets=self._secrets,
            queued=self.leave,
        )

    @property
    def unwritten(self) -> list[Aggregate]:
        """The loaded states that were not written yet when they were read."""
        return list(self._unwritten.values())

    @property
    def only_read(self) -> dict[UUID, Aggregate]:
        """Those of them that nothing is written to: no version of theirs is checked with the entry."""
        return {stream_id: state for stream_id, state in self._unwritten.items() if stream_id not in self._states}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self._events or self._claims or self._secrets)
