"""Asking one process how it is."""

import http.client
import sys
from typing import Final

import msgspec

from infra.local.program import LOOPBACK

PATIENCE: Final = 1.0
"""Seconds to wait for an answer."""


class Health(msgspec.Struct, frozen=True):
    """How a process says it is: `ready`, `starting`, `gone`, or why it is not ready; and in its own words what it is doing."""

    state: str
    doing: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can do its work now."""
        return self.state == "ready"


class Report(msgspec.Struct, frozen=True):
    """The part of a process's answer that is shown to people."""

    doing: dict[str, object] = {}
    checks: dict[str, str] = {}
    detail: str = ""


def ask(port: int, host: str = LOOPBACK) -> Health:
    """What a process answers on `/ready`: 200 means ready, anything else that it must not be sent work."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        body = answer.read(65536)
    except ConnectionRefusedError:
        return Health("starting")
    except (OSError, http.client.HTTPException) as error:
        return Health(f"does not answer ({error})")
    finally:
        connection.close()
    return health(answer.status, body)


def health(status: int, body: bytes) -> Health:
    """An answer in words."""
    try:
        report = msgspec.json.decode(body, type=Report)
    except msgspec.DecodeError:
        report = Report()
    wrong = ", ".join(f"{name}: {found}" for name, found in report.checks.items() if found != "ok")
    if status == http.client.OK:
        doing = ", ".join(f"{name} {value}" for name, value in report.doing.items() if not isinstance(value, dict | list))
        return Health("ready", ", ".join(words for words in (wrong, doing) if words))
    return Health(f"not ready ({wrong or report.detail or f'status {status}'})")


if __name__ == "__main__":
    # The health check of a container: exit code 0 when ready.
    found = ask(int(sys.argv[1]))
    sys.exit(None if found.ready else found.state)
