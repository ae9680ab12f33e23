"""Makes or refreshes `.venv` from a lock file. Run by the launcher with the system's Python, so it knows the standard library only.

Usage: environment.py HOME RUN [DEV] — the checksum of `requirements.lock`, and for tests that of both lock files together. They are
kept in `.venv/daybook-run` and `.venv/daybook-dev`, so that the launcher sees without starting Python whether there is anything to do.
"""

import fcntl
import subprocess
import sys
from pathlib import Path


def main(home: Path, run: str, dev: str = "") -> int:
    """Install what the lock file names, unless somebody else did so while we waited; 0 or an exit code."""
    venv = home / ".venv"
    # Two launchers at once: the second waits here, and finds the work done. The kernel lets go when a holder dies.
    with (home / "requirements.lock").open("rb") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        stamps = {"daybook-run": run} | ({"daybook-dev": dev} if dev else {})
        if (venv / "bin" / "python").exists() and all(_read(venv / name) == stamp for name, stamp in stamps.items()):
            return 0
        return _make(venv) or _install(venv, home / ("requirements-dev.lock" if dev else "requirements.lock"), stamps)


def _make(venv: Path) -> int:
    python = venv / "bin" / "python"
    if not _works([str(python), "-m", "pip", "--version"]):
        print("daybook: making .venv …", flush=True)
        if not _works([sys.executable, "-I", "-c", "import ensurepip, venv"]):
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            print(f"daybook: this Python {version} cannot make virtual environments: install its venv package")
            print(f"daybook: (Debian, Ubuntu: apt install python{version}-venv; Fedora: dnf install python3-pip), then start again")
            return 1
        made = subprocess.run([sys.executable, "-I", "-m", "venv", "--clear", "--without-pip", str(venv)])
        made = made if made.returncode else subprocess.run([str(python), "-I", "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
        if made.returncode:
            print("daybook: .venv could not be made, see above")
            return made.returncode
    for packages in venv.glob("lib/python*/site-packages"):
        # Our own packages are found from wherever we are called; relative, so that the clone may be moved.
        (packages / "daybook.pth").write_text("../../../..\n")
    return 0


def _install(venv: Path, lock: Path, stamps: dict[str, str]) -> int:
    print(f"daybook: installing {lock.name} …", flush=True)
    for name in stamps:
        # Half an installation must not look like a whole one.
        (venv / name).unlink(missing_ok=True)
    options = ["--require-hashes", "--no-deps", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([str(venv / "bin" / "python"), "-m", "pip", "install", *options, "-r", str(lock)])
    if done.returncode:
        print("daybook: the packages could not be installed, see above; start again when that is solved")
        return done.returncode
    for name, stamp in stamps.items():
        # The development lock holds the run-time lock (a test says so), hence one installation may write both.
        (venv / name).write_text(f"{stamp}\n")
    return 0


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
