"""From a command to its place in the log: run the handler, write what it decided, and tell a retry what the first try was told."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from application.shared.command import HANDLERS, Command, Handler
from application.shared.context import Answer, Answering, Context
from application.shared.ports import Entry, Log, Lost, Passwords, Ports, Sealing, Written
from application.shared.turns import Turns
from application.shared.work import UnitOfWork
from domain.shared.aggregate import Aggregate
from domain.shared.refused import Refused, VersionConflict

ATTEMPTS: Final = 24
LARGE: Final = 8192
"""Bytes above which a stored answer is only the id it is rendered from."""


class IdempotencyKeyReused(Refused):
    """This idempotency key was used before with another request."""


class Outcome(msgspec.Struct, frozen=True):
    """What a command came to. `replayed` marks an answer that an earlier command with the same key was given."""

    result: Any
    position: int
    answer: Answer | None = None
    replayed: bool = False


class Dispatch:
    """Callable that carries commands out; shared by routes, reactions, the clock and the command line."""

    def __init__(
        self,
        *,
        log: Log,
        sealing: Sealing,
        passwords: Passwords,
        new_id: Callable[[], UUID],
        pause: Callable[[int], Awaitable[None]],
        settings: Any = None,
        outside: Any = None,
    ) -> None:
        self._log = log
        self._turns = Turns()
        self._sealing = sealing
        self._passwords = passwords
        self._new_id = new_id
        self._pause = pause
        self._settings = settings
        self._outside = outside

    async def __call__(self, command: Command, context: Context, answering: Answering | None = None) -> Outcome:
        """Carry a command out. Raises its refusal, `IdempotencyKeyReused`, `VersionConflict` or `Overloaded`."""
        handler = HANDLERS[type(command)]
        for attempt in range(ATTEMPTS):
            work = UnitOfWork(self._log, self._sealing, self._turns)
            try:
                return await self._attempt(handler, command, work, context, answering)
            except Lost:
                work.leave()
                await self._pause(attempt)
            finally:
                work.leave()
        raise VersionConflict

    async def _attempt(self, handler: Handler, command: Command, work: UnitOfWork, context: Context, answering: Answering | None) -> Outcome:
        """Decide and write, once; raises `Lost` where it has to be decided again."""
        ports = self._ports(work, context)
        try:
            result = await handler(command, ports)
            quiet = work.is_empty
        except Refused as refused:
            result, quiet = refused, True
        if quiet and work.loaded and not await self._log.settled(list(work.loaded), work.unwritten):
            raise Lost  # Nothing to write, and what this was decided on was lost: look again.
        await self._must_be_written(work.only_read)
        return await self._write(work, result, context, answering, ports.now)

    def _ports(self, work: UnitOfWork, context: Context) -> Ports:
        """What a handler is given, at this moment."""
        return Ports(work, self._log.now(), context.caller, self._new_id, self._sealing, self._passwords, self._settings, self._outside)

    async def _must_be_written(self, read: Mapping[UUID, Aggregate]) -> None:
        """What a decision about some streams was also based on must have happened; what is staged itself is judged with the entry."""
        if read and not await self._log.settled(list(read), list(read.values())):
            raise Lost

    async def rehearse(self, command: Command, context: Context) -> Any:
        """What the command would leave behind now; nothing is written. Raises its refusal, `VersionConflict`."""
        for attempt in range(ATTEMPTS):
            work = UnitOfWork(self._log, self._sealing)
            try:
                result = await HANDLERS[type(command)](command, self._ports(work, context))
            except Lost:
                await self._pause(attempt)
                continue
            if work.refused is not None:
                raise work.refused
            return result
        raise VersionConflict

    async def _write(self, work: UnitOfWork, result: Any, context: Context, answering: Answering | None, now: datetime) -> Outcome:
        if isinstance(result, Refused):
            return await self._refuse(result, context, answering, now)
        refused = work.refused
        answer = answering.result(result) if answering is not None and refused is None else None
        if work.is_empty and context.key is None:
            return Outcome(result, work.reached, answer)
        entry = work.entry(context, now)
        self._store(entry, answer, context)
        try:
            written = await self._log.append(entry)
        except Refused as taken:
            if type(taken) not in {claim.taken for claim in entry.claims}:
                raise
            return await self._refuse(taken, context, answering, now)
        if written.duplicate:
            return self._replay(written, context)
        if refused is not None:
            raise refused
        return Outcome(result, written.position if entry.events else max(work.reached, written.position), answer)

    async def _refuse(self, refused: Refused, context: Context, answering: Answering | None, now: datetime) -> Outcome:
        if context.key is None:
            raise refused
        answer = answering.refusal(refused) if answering is not None else None
        if answer is None:
            known = await self._log.answered(context.key.id, lasting=context.key.lasting)
            if known is None:
                raise refused
            return self._replay(known, context)
        entry = UnitOfWork(self._log, self._sealing).entry(context, now)
        self._store(entry, answer, context)
        written = await self._log.append(entry)
        if written.duplicate:
            return self._replay(written, context)
        raise refused

    @staticmethod
    def _store(entry: Entry, answer: Answer | None, context: Context) -> None:
        if answer is None or context.key is None:
            return
        entry.status = answer.status
        only_id = answer.personal or len(answer.body) > LARGE
        plain = b"@" + answer.again.bytes if only_id and answer.again is not None else b"=" + answer.body
        entry.answer = context.key.seal(plain)

    @staticmethod
    def _replay(written: Written, context: Context) -> Outcome:
        key = context.key
        if key is None or (written.fingerprint != key.fingerprint and not key.lasting):
            raise IdempotencyKeyReused
        plain = key.open(written.answer) if written.answer else b"="
        again = UUID(bytes=plain[1:]) if plain[:1] == b"@" else None
        return Outcome(None, written.position, Answer(written.status, b"" if again else plain[1:], again), replayed=True)
