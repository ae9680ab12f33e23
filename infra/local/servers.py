"""The servers behind one running system: embedded ones, unless the environment names others."""

import time

from infra.local.postgres import Postgres
from infra.local.state import Ports, State
from infra.local.valkey import Valkey
from infra.settings import given


class Servers:
    """`DATABASE_URL` and `REDIS_URL` replace the embedded PostgreSQL and Valkey, each by itself."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._postgres = None if given("DATABASE_URL") else Postgres(state)
        self._valkey = None if given("REDIS_URL") else Valkey(state)
        self._urls: dict[str, str] = {}

    def begin(self) -> None:
        """Start them without waiting."""
        for server in (self._postgres, self._valkey):
            if server is not None:
                server.begin()

    def finish(self) -> dict[str, str]:
        """Wait until they answer; their addresses, named as in the environment."""
        if self._postgres is not None:
            at = self._postgres.finish()
            self._urls |= {"DATABASE_URL": at.app_url, "MIGRATION_DATABASE_URL": at.owner_url}
        if self._valkey is not None:
            self._urls["REDIS_URL"] = self._valkey.finish()
        return dict(self._urls)

    def revive(self) -> list[str]:
        """Start again what has ended by itself, and say so; raises `LocalProblem` when it will not start at its old address."""
        said = []
        for name, server in (("PostgreSQL", self._postgres), ("Valkey", self._valkey)):
            if server is not None and (code := server.ended()) is not None:
                server.begin()
                server.finish()
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
