"""P10: how long `daybook up` takes in a fresh clone whose packages are installed, and what the whole stack takes of memory."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from infra.bench.place import Place
from infra.bench.row import Row
from infra.local.program import free_port
from infra.local.state import CLONE

PARTS: Final = ("domain", "application", "projections", "api", "infra", "pyproject.toml", "requirements.lock", "requirements-dev.lock", "daybook")
READY: Final = b"Daybook is ready"
LONGEST: Final = 90.0
LATER: Final = 3
"""Later starts; their median counts."""


class Clone:
    """A fresh copy of the program's files, with the packages of this one: no data, nothing compiled."""

    def __init__(self, place: Place, name: str) -> None:
        self.folder = place.folder / name
        self.folder.mkdir()
        for part in PARTS:
            source = CLONE / part
            if source.is_dir():
                shutil.copytree(source, self.folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy2(source, self.folder / part)
        (self.folder / ".venv").symlink_to(sys.prefix)

    def up(self) -> tuple[float, float]:
        """Start everything and stop it again: seconds until it is ready, and MB of memory (sum of PSS) a moment later."""
        launcher = self.folder / "daybook"
        stamped = (Path(sys.prefix) / "daybook-run").exists()
        words = [str(launcher)] if launcher.exists() and stamped else [str(self.folder / ".venv/bin/python"), "-P", "-m", "infra"]
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
        began = time.monotonic()
        with (self.folder / "up.log").open("wb") as output:
            process = subprocess.Popen(
                [*words, "up", "--port", str(free_port())], cwd=self.folder, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        try:
            seconds = self._until_ready(process, began)
            time.sleep(2.0)
            return seconds, memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _until_ready(self, process: "subprocess.Popen[bytes]", began: float) -> float:
        log = self.folder / "up.log"
        while READY not in log.read_bytes():
            if process.poll() is not None or time.monotonic() - began > LONGEST:
                raise RuntimeError(f"`daybook up` did not become ready: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.005)
        return time.monotonic() - began


def memory(pid: int) -> float:
    """MB of a process and all that descend from it: the sum of their proportional set sizes. Linux only, else 0."""
    total = 0
    for one in descendants(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def descendants(pid: int) -> set[int]:
    """A process and its children's children."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def p10(place: Place) -> list[Row]:
    """The first start of several clones, and later ones."""
    turns = 2
    place.say("P10: `daybook up` in a fresh clone, then again")
    firsts, laters, sizes = [], [], []
    for turn in range(turns):
        clone = Clone(place, f"clone-{turn}")
        firsts.append(clone.up()[0])
        for _ in range(LATER):
            seconds, size = clone.up()
            laters.append(seconds)
            sizes.append(size)
        shutil.rmtree(clone.folder, ignore_errors=True)
    limits = (
        ("P10", "`up`, first start in a fresh clone", firsts, 5.0, "s"),
        ("P10-later", "`up`, later start", laters, 3.0, "s"),
        ("P10-memory", "whole stack, sum of PSS", sizes, 450.0, "MB"),
    )
    return [
        Row.of(figures, [limit], id=name, what=what, against="the limit itself", unit=unit, reach=1, lower_is_better=True)
        for name, what, figures, limit, unit in limits
    ]
