"""One process's log file: rotated at the start, followed by the supervisor for what a person should see."""

import json
from pathlib import Path
from typing import Final

from infra.local.program import rotate

LOUD: Final = {"warning", "error", "critical"}
QUIET: Final = ("DEBUG", "INFO")
MOST: Final = 20
"""Lines shown at once; the rest is only counted."""


class Log:
    """A file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        rotate(path)
        path.touch(mode=0o600)
        self._read = path.stat().st_size

    def loud(self) -> list[str]:
        """Warnings and errors since the last look, in few words."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        shown = [words for line in whole.decode(errors="replace").splitlines() if (words := _words(line))]
        if len(shown) > MOST:
            return [*shown[:MOST], f"… and {len(shown) - MOST} more in {self.path}"]
        return shown


def _words(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        # Not ours: a traceback or a library that prints. Of a traceback its last line says it all.
        return "" if line.startswith((" ", "Traceback", *QUIET)) else line.strip()
    if not isinstance(entry, dict) or str(entry.get("level", "")).lower() not in LOUD:
        return ""
    error = str(entry.get("exception", "")).strip().splitlines()
    words = " ".join(str(part) for part in (entry.get("event", entry.get("message", "")), *error[-1:]) if part)
    return f"{words}\n{_indented(str(entry['letter']))}" if "letter" in entry else words


def _indented(letter: str) -> str:
    """A mail that goes nowhere else: the terminal is where its link can be followed."""
    return "".join(f"    {line}\n" for line in letter.splitlines())
