"""One client that listens: what it follows, what waits to be sent to it, and why it ends."""

import asyncio
from collections import deque
from typing import Final
from uuid import UUID

import msgspec

from api.live.channel import Subscription
from api.live.message import Frame
from api.shared.proof import Proof
from application.shared.context import Caller

MESSAGES: Final = 1_000
BYTES: Final = 1024 * 1024
"""What may wait for a client before it is too slow."""
PART: Final = 64 * 1024
SUBSCRIPTIONS: Final = 100
BAD_PROOF, FORBIDDEN, ENDED, TOO_SLOW = 4001, 4003, 4009, 4013
NOT_UNDERSTOOD, RESTARTING, LATER = 1008, 1012, 1013
"""Why a connection is closed (http-conventions.md; RFC 6455, 7.4)."""


class Ending(msgspec.Struct, frozen=True):
    """The close code, a stable word, and a sentence."""

    close: int
    code: str
    detail: str = ""


class Line:
    """A connection. Whoever writes it out waits for `changed`; everybody else only puts in."""

    def __init__(self, caller: Caller, proof: Proof) -> None:
        self.caller = caller
        self.proof = proof
        self.subscriptions: dict[str, Subscription] = {}
        self.cursor = 0
        """Everything up to this position was put in."""
        self.is_live = False
        self.ending: Ending | None = None
        self.over = asyncio.Event()
        """No more is put in; what waits may still be sent."""
        self.quiet_since = 0.0
        self._waiting: deque[Frame] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def stands_on(self) -> frozenset[UUID]:
        """The streams that say whether the caller may still listen: account, session, key, program."""
        who = self.caller
        return frozenset(one for one in (who.id, who.session_id, who.key_id, who.client_id) if one is not None)

    def put(self, frame: Frame) -> None:
        """Put a message in, or end the line when too much waits already."""
        if self.ending is not None:
            return
        if len(self._waiting) >= MESSAGES or (self._size + len(frame.text) > BYTES and self._waiting):
            self._waiting.clear()
            self._size = 0
            self.end(Ending(TOO_SLOW, "too_slow", "Too much was waiting to be sent; come again with the last position."))
            return
        self._waiting.append(frame)
        self._size += len(frame.text)
        self.quiet_since = asyncio.get_running_loop().time()
        self._changed.set()

    def end(self, ending: Ending) -> None:
        """Nothing more is put in; the first reason counts."""
        if self.ending is None:
            self.ending = ending
            self.over.set()
            self._changed.set()
            self._room.set()

    async def changed(self) -> None:
        """Wait until something can be sent, or the line is over."""
        await self._changed.wait()

    def take(self) -> list[Frame]:
        """What is to be sent next, at most about 64 KiB."""
        taken, size = list[Frame](), 0
        while self._waiting and (not taken or size + len(self._waiting[0].text) <= PART):
            taken.append(self._waiting.popleft())
            size += len(taken[-1].text)
        self._size -= size
        if not self._waiting and self.ending is None:
            self._changed.clear()
        if len(self._waiting) <= MESSAGES // 4 and self._size <= BYTES // 4:
            self._room.set()
        return taken

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    async def room(self) -> None:
        """Wait until a good part of what waits was sent: at a resume the log waits for the client."""
        if len(self._waiting) > MESSAGES // 4 or self._size > BYTES // 4:
            self._room.clear()
            if self.ending is None:
                await self._room.wait()
