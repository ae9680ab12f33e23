"""The first ten incidents of a minute are facts one by one, those beyond are counted and summed up (security.md 16)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from application.audit.incident import NoteFailedSignIn, NoteRefusal, SumUp
from application.shared.command import Command
from application.shared.context import Context

log = logging.getLogger(__name__)
MOST: Final = 10
"""Incidents of one kind by one caller that are facts of their own, in one process."""
WINDOW: Final = timedelta(minutes=1)
REMEMBERED: Final = 10_000
"""Callers that are told apart within a minute; the incidents of further ones are counted together."""
KINDS: Final[dict[type[Command], str]] = {NoteFailedSignIn: "sign_in_failed", NoteRefusal: "permission_refused"}
OTHERS: Final = ""
Kind = type[Command]
By = UUID | str


class _Minute:
    """What one caller did of one kind since `began`: all of it, and how much of it is not in the log yet."""

    def __init__(self, began: datetime) -> None:
        self.began = began
        self.count = 0
        self.unwritten = 0


class Incidents:
    """Notes what was refused. `of_daybook` makes the context of a command that Daybook itself gives, under a trace id."""

    def __init__(
        self, dispatch: Callable[[Command, Context], Awaitable[Any]], of_daybook: Callable[[str | None], Context], now: Callable[[], datetime]
    ) -> None:
        self._dispatch = dispatch
        self._of_daybook = of_daybook
        self._now = now
        self._minutes: dict[tuple[Kind, By], _Minute] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def note(self, incident: NoteFailedSignIn | NoteRefusal, trace_id: str | None = None) -> None:
        """Write an incident, or count it. Never fails: what cannot be written at the moment is counted, too."""
        minute = self._minute(type(incident), incident.by)
        minute.count += 1
        if minute.count > MOST:
            minute.unwritten += 1
            return
        if not await self._written(incident, trace_id):
            minute.unwritten += 1

    def note_soon(self, incident: NoteFailedSignIn | NoteRefusal, trace_id: str | None = None) -> None:
        """The same, without waiting for it."""
        noting = asyncio.ensure_future(self.note(incident, trace_id))
        self._under_way.add(noting)
        noting.add_done_callback(self._under_way.discard)

    async def sum_up(self, *, everything: bool = False) -> None:
        """Write what was counted in minutes that are over, or all of it because the process ends."""
        if everything:
            await asyncio.gather(*self._under_way)
        now = self._now()
        over = {key: minute for key, minute in self._minutes.items() if everything or minute.began + WINDOW <= now}
        for key in over:
            del self._minutes[key]
        # All at once: they are written together, and where that is not possible, they wait no longer than one.
        await asyncio.gather(*(self._close(kind, by, minute, now) for (kind, by), minute in over.items()))

    def _minute(self, kind: Kind, by: By) -> _Minute:
        known = self._minutes.get((kind, by))
        if known is None and len(self._minutes) >= REMEMBERED:
            by, known = OTHERS, self._minutes.get((kind, OTHERS))
        if known is None:
            known = self._minutes[kind, by] = _Minute(self._now())
            known.count = 0 if by else MOST
        return known

    async def _close(self, kind: Kind, by: By, minute: _Minute, now: datetime) -> None:
        if minute.unwritten == 0:
            return
        until = min(now, minute.began + WINDOW)
        if await self._written(SumUp(kind=KINDS[kind], count=minute.unwritten, since=minute.began, until=until, by=by)):
            return
        again = self._minutes.setdefault((kind, by), minute)
        if again is not minute:
            again.began, again.unwritten = minute.began, again.unwritten + minute.unwritten

    async def _written(self, wish: Command, trace_id: str | None = None) -> bool:
        try:
            await self._dispatch(wish, self._of_daybook(trace_id))
        except Exception as error:  # noqa: BLE001 — whatever keeps it from being written, the refusal is answered and the count kept
            log.warning("an incident could not be written yet", extra={"error": repr(error), "incident": type(wish).__name__})
            return False
        return True
