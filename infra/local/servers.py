"""The servers behind one running system: embedded ones, unless the environment names others."""

import time
from typing import Final

from infra.local.postgres import Postgres
from infra.local.state import LocalProblem, Ports, State
from infra.local.valkey import Valkey
from infra.settings import given

PATIENCE: Final = 20.0
"""Seconds during which starting a server again may fail."""


class Servers:
    """`DATABASE_URL` and `REDIS_URL` replace the embedded PostgreSQL and Valkey, each by itself."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._postgres = None if given("DATABASE_URL") else Postgres(state)
        self._valkey = None if given("REDIS_URL") else Valkey(state)
        self._given_out: dict[str, str] = {}
        self._since = 0.0

    def begin(self) -> None:
        """Start them without waiting."""
        for server in (self._postgres, self._valkey):
            if server is not None:
                server.begin()

    def finish(self) -> dict[str, str]:
        """Wait until they answer; their addresses, named as in the environment."""
        urls: dict[str, str] = {}
        if self._postgres is not None:
            at = self._postgres.finish()
            urls |= {"DATABASE_URL": at.app_url, "MIGRATION_DATABASE_URL": at.owner_url}
        if self._valkey is not None:
            urls["REDIS_URL"] = self._valkey.finish()
        self._given_out = self._given_out or urls
        return urls

    def revive(self) -> list[str]:
        """Start again what has ended by itself, and say so; raises `LocalProblem` when that fails for `PATIENCE` seconds."""
        said = []
        for name, server in (("PostgreSQL", self._postgres), ("Valkey", self._valkey)):
            if server is None or (code := server.ended()) is None:
                continue
            try:
                server.begin()
                server.finish()
            except LocalProblem as problem:
                # After a kill, PostgreSQL refuses to start until the last of its old helpers has gone.
                self._since = self._since or time.monotonic()
                if time.monotonic() - self._since > PATIENCE:
                    raise
                said.append(f"{name} will not start yet: {problem}")
                continue
            if self.finish() != self._given_out:
                raise LocalProblem(f"{name} ended, and its port was taken by another program: start `daybook up` again")
            self._since = 0.0
            said.append(f"{name} had ended ({describe(code)}) and was started again")
        return said

    def describe(self) -> str:
        """Where the data is, in one line."""
        ports = self._state.read("ports.json", Ports) or Ports()
        postgres = f"PostgreSQL on port {ports.postgres}" if self._postgres else "PostgreSQL from DATABASE_URL"
        return f"{postgres}, {f'Valkey on port {ports.valkey}' if self._valkey else 'Redis from REDIS_URL'}"

    def stop(self, seconds: float) -> None:
        """End them; together they have `seconds` to write what they know."""
        deadline = time.monotonic() + seconds
        if self._valkey is not None:
            self._valkey.stop(seconds / 2)
        if self._postgres is not None:
            self._postgres.stop(max(0.1, deadline - time.monotonic()))


def describe(code: int) -> str:
    """An exit code as `subprocess` gives it, for a person."""
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
