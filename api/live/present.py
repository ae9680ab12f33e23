"""How things stand, told beside what happens: soon after it, once for many events, and not at all when it cannot be known."""

import asyncio
import logging
from typing import Final

from api.live.channel import Subscription
from api.live.line import Line
from api.shared.parts import Parts

log = logging.getLogger(__name__)
SOON: Final = 0.1
"""Seconds in which further events make no further message."""
Index = dict[str, dict[Line, Subscription]]


class Presents:
    """Tells those who follow a channel that has a present."""

    def __init__(self, known: Parts, index: Index) -> None:
        self._known = known
        self._index = index
        self._due: dict[str, int] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def told(self, subscription: Subscription, position: int) -> None:
        """Something was told of it."""
        if subscription.kind.present is None:
            return
        is_due = subscription.topic in self._due
        self._due[subscription.topic] = position
        if not is_due:
            task = asyncio.create_task(self._tell(subscription), name="live: present")
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, subscription: Subscription) -> None:
        await asyncio.sleep(SOON)
        position, present, about = self._due.pop(subscription.topic), subscription.kind.present, subscription.id
        if present is None or about is None:
            return
        try:
            frame = await present(self._known, about, position)
        except Exception as error:  # noqa: BLE001 — it is told again after the next event
            log.warning("how things stand cannot be told", extra={"error": repr(error), "channel": subscription.kind.name})
            return
        for line in list(self._index.get(subscription.topic, ())):
            line.put(frame)
