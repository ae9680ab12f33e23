"""Under which account the embedded servers run: this user's own, or `nobody` when this user is root."""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from infra.local.state import LocalProblem, State

CAPABILITIES: Final = "+dac_override,+dac_read_search"
"""Lets the servers pass through folders that others may not enter, as in a clone below root's home; nothing else of root's."""
ELSEWHERE: Final = Path("/var/lib/daybook")
"""Where data and programs lie when root may not pass these capabilities on."""


class Account(msgspec.Struct, frozen=True):
    """How a server program is started so that it is not root, and where its data lies."""

    data: Path
    """Folder in which each server has its own."""
    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()
    """Words before the command; when empty, `uid` and `gid` are set by the starting process itself."""
    programs: Path | None = None
    """Folder of copied programs, when the installed ones cannot be reached."""

    def own(self, path: Path) -> Path:
        """Make `path` a private folder of this account, and return it."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        return path

    def program(self, installed: Path, parts: Sequence[Path]) -> Path:
        """The program to run for `installed`; `parts` are the folders it consists of, neighbours in one folder."""
        if self.programs is None:
            return installed
        # A later version of the package is another copy.
        copy = self.programs / f"{installed.name}-{installed.stat().st_mtime_ns}"
        base = parts[0].parent
        if not copy.exists():
            draft = copy.with_name(f"{copy.name}.new")
            shutil.rmtree(draft, ignore_errors=True)
            for part in parts:
                shutil.copytree(part, draft / part.relative_to(base), symlinks=True)
            draft.rename(copy)
        return copy / installed.relative_to(base)


def account_for(state: State, program: Path, setpriv: str | None = None) -> Account:
    """The account for the servers of this folder; `program` is one of them, and is run once as root to see that it can be.

    Raises `LocalProblem` when root can neither pass capabilities on nor become another user.
    """
    if os.geteuid() != 0:
        return Account(data=state.folder)
    nobody = pwd.getpwnam("nobody")
    prefix = _prefix(setpriv or shutil.which("setpriv") or "", nobody)
    if _runs([*prefix, "/bin/sh", "-c", 'cd "$1" && "$2" --version', "sh", str(state.folder), str(program)]):
        return Account(data=state.folder, uid=nobody.pw_uid, gid=nobody.pw_gid, prefix=prefix)
    try:
        subprocess.run(["/bin/true"], user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], check=True)
    except (PermissionError, subprocess.SubprocessError):
        raise LocalProblem(
            "PostgreSQL never runs as root, and root may not become another user here: "
            "start Daybook as another user, or set DATABASE_URL and REDIS_URL to servers of your own"
        ) from None
    return _elsewhere(state, nobody)


def _elsewhere(state: State, nobody: pwd.struct_passwd) -> Account:
    home = ELSEWHERE / hashlib.sha256(os.fsencode(state.folder.resolve())).hexdigest()[:16]
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    state.write("elsewhere.json", str(home))
    return Account(data=home, uid=nobody.pw_uid, gid=nobody.pw_gid, programs=home)


def _prefix(setpriv: str, user: pwd.struct_passwd) -> tuple[str, ...]:
    return (
        setpriv, "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", "--securebits", "+no_setuid_fixup",
        "--inh-caps", CAPABILITIES, "--ambient-caps", CAPABILITIES, "--pdeathsig", "INT",
    )  # fmt: skip


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, cwd="/", timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
