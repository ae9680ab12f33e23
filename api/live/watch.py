"""Looks after lines: whether their callers may still listen, that they know where they are, and that somebody is there at all."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from typing import Final

from api.live.line import ENDED, Ending, Line
from api.live.message import here
from api.shared.parts import Parts
from domain.shared.refused import Refused

log = logging.getLogger(__name__)
TICK: Final = 0.5
QUIET: Final = 10.0
"""Seconds of silence after which a client is told the position."""
SWEEP: Final = 20
"""Every line is asked about once in so many ticks, whatever happens; when something happens to its session, at once."""
AGAIN: Final = (0.0, 0.6)
"""Seconds after an event of an account, session or key at which is asked: what is remembered of a key may be half a second old."""
LINGER: Final = 10
"""Ticks for which the log is still followed when the last one has hung up."""


class Watch:
    """Over the lines of one process."""

    def __init__(self, known: Parts, lines: Collection[Line], position: Callable[[], int]) -> None:
        self._known = known
        self._lines = lines
        self._position = position
        self._asking: set[asyncio.Task[None]] = set()

    async def run(self, nobody: Callable[[], None]) -> None:
        """Until cancelled; calls `nobody` when there has been none for a while."""
        alone = tick = 0
        while True:
            await asyncio.sleep(TICK)
            tick, alone = tick + 1, 0 if self._lines else alone + 1
            if alone > LINGER:
                nobody()
            now, at = asyncio.get_running_loop().time(), self._known.log.now().timestamp()
            for nth, line in enumerate(list(self._lines)):
                if line.proof.claims is not None and line.proof.claims.exp <= at:
                    line.end(Ending(ENDED, "token_expired", "The access token is no longer valid; come again with a new one and the last position."))
                elif line.is_live and line.is_empty and now - line.quiet_since >= QUIET:
                    line.put(here(max(self._position(), line.cursor)))
                if nth % SWEEP == tick % SWEEP:
                    self.ask_again([line], (0.0,))

    def ask_again(self, lines: Iterable[Line], when: Iterable[float] = AGAIN) -> None:
        """Ask, beside everything else, whether these callers may still listen."""
        task = asyncio.create_task(self._ask(list(lines), tuple(when)), name="live: standing")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, lines: list[Line], when: tuple[float, ...]) -> None:
        for pause in when:
            await asyncio.sleep(pause)
            for session in {line.caller.session_id for line in lines if line.ending is None} - {None}:
                self._known.standing.forget(session)
            await asyncio.gather(*(self._must_stand(line) for line in lines if line.ending is None))

    async def _must_stand(self, line: Line) -> None:
        try:
            caller = await line.proof.caller(self._known)
        except Refused as refused:
            line.end(Ending(ENDED, refused.code(), refused.detail))
        except Exception as error:  # noqa: BLE001 — a server is away; nobody can be revoked meanwhile, and the next tick asks again
            log.warning("nobody says whether a session stands", extra={"error": repr(error)})
        else:
            before = line.caller
            if (caller.role, caller.roles, caller.scopes) != (before.role, before.roles, before.scopes):
                line.end(Ending(ENDED, "rights_changed", "What the caller may do has changed; come again."))
