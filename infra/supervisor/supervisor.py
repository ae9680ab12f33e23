"""The parent of all processes of one machine: one thread, no event loop, so that it can fork at any time."""

import os
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Final

from infra.local.servers import Servers
from infra.local.state import RUNNING, Place, Running, State
from infra.supervisor.child import Child

TICK: Final = 0.25
"""Seconds between two looks at logs and servers; the death of a child is noticed at once."""
HEALTH: Final = 1.0
"""Seconds between two questions about health."""
GRACE: Final = (3.0, 2.5, 4.0)
"""Seconds for what is public, for the other processes, and for the servers, until they are killed: together below the promised 10."""


class Supervisor:
    """Keeps the children and servers running until it is told to stop."""

    def __init__(
        self,
        state: State,
        servers: Servers,
        children: Sequence[Child],
        *,
        url: str,
        say: Callable[[str], None],
        doing: Callable[[Sequence[Child]], None],
    ) -> None:
        self.children = children
        self._url = url
        self._state = state
        self._servers = servers
        self._say = say
        self._doing = doing
        self._hurry = False
        self._next_look = 0.0
        # Python writes a byte here for every signal, so that the death of a child ends a pause.
        self._woken, self._waker = socket.socketpair()
        self._waker.settimeout(0)

    def start(self) -> None:
        """Fork all children."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for child in self.children:
            child.start()
        self._note()

    def wait_until_ready(self) -> None:
        """Return when what is public answers that it is ready; meanwhile look after everything."""
        slow = time.monotonic() + 15
        public = [child for child in self.children if child.process.public]
        while not all(child.health.ready for child in public):
            self._look_after(0.02, quiet=True)
            for child in public:
                child.look()
                if time.monotonic() > slow:
                    self._say(f"still waiting for {child.process.name}: {child.health.state}")
                    slow += 15

    def watch(self) -> None:
        """Look after everything until interrupted."""
        while True:
            self._look_after(TICK)

    def _look_after(self, seconds: float, *, quiet: bool = False) -> None:
        if select.select([self._woken], [], [], seconds)[0]:
            self._woken.recv(4096)
        for child in self.children:
            self._tell_about(child)
            if child.due():
                child.start()
                self._note()
        for words in self._servers.revive():
            self._say(words)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + HEALTH
            for child in self.children:
                if child.look() and not quiet:
                    self._say(f"{child.process.name}: {child.health.state}")
            if not quiet:
                self._doing(self.children)

    def _tell_about(self, child: Child) -> None:
        reason = child.ended()
        lines = child.log.loud()
        why = f" ({lines.pop()})" if lines and reason.startswith("exit") else ""
        for line in lines:
            self._say(f"{child.process.name}: {line}")
        if reason:
            later = f" in {child.pause:.1f} s" if child.pause else ""
            self._say(f"{child.process.name} ended: {reason}{why}; starting it again{later}")

    def hurry(self) -> None:
        """A second Ctrl-C: do not wait any longer."""
        self._hurry = True

    def stop(self) -> None:
        """End what is public, then the other processes, then the servers; within ten seconds, and nothing is left."""
        public = [child for child in self.children if child.process.public]
        others = [child for child in self.children if not child.process.public]
        for group, seconds in ((public, GRACE[0]), (others, GRACE[1])):
            self._end(group, seconds)
        self._servers.stop(0.2 if self._hurry else GRACE[2])
        (self._state.folder / RUNNING).unlink(missing_ok=True)
        signal.set_wakeup_fd(-1)
        self._woken.close()
        self._waker.close()

    def _end(self, group: Sequence[Child], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        killed = False
        for child in group:
            child.tell(signal.SIGTERM)
        while waiting := [child for child in group if child.pid and not child.ended()]:
            if not killed and (self._hurry or time.monotonic() > deadline):
                killed = True
                for child in waiting:
                    self._say(f"{child.process.name} did not end in time and was killed")
                    child.tell(signal.SIGKILL)
            time.sleep(0.01)

    def _note(self) -> None:
        """For `daybook status`: who runs where."""
        places = {child.process.name: Place(child.pid, child.port, child.host) for child in self.children}
        self._state.write(RUNNING, Running(os.getpid(), self._url, places))
