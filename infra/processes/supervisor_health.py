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


def ask(port: int, host: str = LOOPBACK) -> Health:
    """What a process answers on `/ready`: 200 means ready, `doing` in its JSON is shown to people, `detail` says what is missing."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        told = _told(answer.read(4096))
    except ConnectionRefusedError:
        return Health("starting")
    except (OSError, http.client.HTTPException) as error:
        return Health(f"does not answer ({error})")
    finally:
        connection.close()
    if answer.status == http.client.OK:
        return Health("ready", str(told.get("doing", "")))
    return Health(f"not ready ({told.get('detail') or told.get('title') or f'status {answer.status}'})")


def _told(body: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        return {}


if __name__ == "__main__":
    # The health check of a container: exit code 0 when ready.
    health = ask(int(sys.argv[1]))
    sys.exit(None if health.ready else health.state)
