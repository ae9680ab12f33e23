"""Following the log: LISTEN first, then read, and look again every second whether or not the server said something."""

import contextlib
import time
from collections.abc import Sequence
from threading import Thread
from typing import Any, Final

import psycopg
from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription, PersistenceError
from psycopg import Connection

from infra.eventsourcing.datastore import Datastore

CHANNEL: Final = "daybook_log"
TURN: Final = 0.2
"""Seconds between looks at whether the subscription was stopped."""
POLL: Final = 1.0
"""Seconds after which the log is read although nothing was heard."""


class LogSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Events after a position, and those that come, in order, each once.

    The library's own subscription reads before it listens and then waits without a time-out, so that it can sleep for ever
    beside new events. This one listens before its first read, and survives a connection that is killed.
    """

    def __init__(self, recorder: ApplicationRecorder, datastore: Datastore, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        self._datastore = datastore
        self._hearing: Connection[Any] | None = datastore.listening(CHANNEL)
        super().__init__(recorder, gt, topics)
        self._listen_thread = Thread(target=self._listen, name="daybook-listen")
        self._listen_thread.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listen_thread.join()

    def _listen(self) -> None:
        looked = time.monotonic()
        while not self._has_been_stopped:
            heard = self._heard()
            if heard or time.monotonic() > looked + POLL:
                looked = time.monotonic()
                self._has_been_notified.set()
        if self._hearing is not None:
            self._hearing.close()

    def _heard(self) -> bool:
        """Wait for a moment; True where something may have been written."""
        try:
            if self._hearing is None:
                self._hearing = self._datastore.listening(CHANNEL)
                return True  # what was written while nobody listened
            return any(True for _ in self._hearing.notifies(timeout=TURN, stop_after=1))
        except (psycopg.Error, PersistenceError):
            if self._hearing is not None:
                with contextlib.suppress(psycopg.Error):
                    self._hearing.close()
                self._hearing = None
            time.sleep(TURN)
            return True
