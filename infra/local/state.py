"""The folder `.daybook/`: what one clone keeps between two runs of `up`."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from infra.settings import Settings, given, read_settings

FORMAT: Final = 1
"""Version of this folder's layout; a higher one on disk was written by a newer Daybook."""
CLONE: Final = Path(__file__).resolve().parents[2]
"""The folder that this program was started from."""
SYSTEM: Final = "system.json"
"""The file that holds, by the names of the environment, what the last `up` ran with."""
RUNNING: Final = "running.json"
Content = TypeVar("Content")


class LocalProblem(Exception):
    """Something on this machine is in the way; the message is one line for a person and says what to do."""


class Ports(msgspec.Struct, frozen=True):
    """Loopback TCP ports of the embedded servers; 0 means not chosen yet."""

    postgres: int = 0
    valkey: int = 0


class Place(msgspec.Struct, frozen=True):
    """Where one process is: its id (0 while it is gone) and the address at which it tells how it is."""

    pid: int
    port: int
    host: str


class Running(msgspec.Struct, frozen=True):
    """What `up` notes while it runs."""

    pid: int
    url: str
    processes: dict[str, Place]


class State:
    """One such folder (mode 700). Every file in it is written whole and renamed into place, so a crash leaves the old one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def logs(self) -> Path:
        """Where servers and processes write what they have to say."""
        return self.folder / "logs"

    def open(self) -> None:
        """Make the folder, or check that this program understands the one that is there; raises `LocalProblem`."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except PermissionError:
            raise LocalProblem(f"{self.folder} cannot be written: it belongs to another user") from None
        found = self.read("format.json", int) or FORMAT
        if found > FORMAT:
            raise LocalProblem(f"{self.folder} was written by a newer Daybook (format {found}, this one knows {FORMAT}): update this clone")
        self.write("format.json", FORMAT)

    def lock(self) -> bool:
        """Become the one `up` of this folder until this process ends; False when another one is."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        return True

    def locked(self) -> bool:
        """Whether an `up` holds this folder now."""
        if not (self.folder / "lock").exists():
            return False
        with (self.folder / "lock").open("rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def read(self, name: str, kind: type[Content]) -> Content | None:
        """The content of a JSON file of this folder, or None when it is not there; raises `LocalProblem` when it is damaged."""
        path = self.folder / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise LocalProblem(f"{path} is damaged ({error}): repair it, or start afresh with `daybook reset --yes`") from None

    def write(self, name: str, content: object) -> None:
        """Replace a JSON file of this folder; only its owner may read it (mode 600)."""
        path, draft = self.folder / name, self.folder / f"{name}.new"
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def remove(self) -> None:
        """Delete this folder and, where the servers' data had to lie elsewhere, that place too."""
        elsewhere = self.read("elsewhere.json", str)
        if elsewhere:
            shutil.rmtree(elsewhere, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=False)


def here() -> State:
    """The folder of this clone (installed as a package: of the folder it is called from); it need not exist."""
    home = CLONE if (CLONE / "pyproject.toml").exists() else Path.cwd()
    return State(home / ".daybook")


def running(state: State) -> Running | None:
    """Who runs in this folder now; None when no `up` does."""
    return state.read(RUNNING, Running) if state.locked() else None


def current_settings() -> Settings:
    """The settings of the system to talk to: the environment first, and where it is silent, what `up` keeps in this clone.

    Raises `LocalProblem` when neither names a database.
    """
    state = here()
    known = state.read(SYSTEM, dict[str, str]) or {}
    if given("DATABASE_URL") is None:
        if not known:
            raise LocalProblem("there is no system to talk to: start one with `daybook up`, or set DATABASE_URL and the secrets")
    else:
        # Another database was named, so the owner of ours cannot be meant.
        known.pop("MIGRATION_DATABASE_URL", None)
    return read_settings(beneath=known)
