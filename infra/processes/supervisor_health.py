"""Asking one process how it is."""

import http.client
import sys
from typing import Final

import msgspec

from infra.local.program import LOOPBACK

PATIENCE: Final = 1.0
"""Seconds to wait for an answer."""


def ask(port: int) -> str:
    """`ready`, `starting`, or the reason why the process on this loopback port is not ready."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        body = answer.read(4096)
    except ConnectionRefusedError:
        return "starting"
    except (OSError, http.client.HTTPException) as error:
        return f"does not answer ({error})"
    finally:
        connection.close()
    return "ready" if answer.status == http.client.OK else f"not ready ({_reason(answer.status, body)})"


def _reason(status: int, body: bytes) -> str:
    try:
        told = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        return f"status {status}"
    return str(told.get("detail") or told.get("title") or told.get("status") or f"status {status}")


if __name__ == "__main__":
    # The health check of a container: exit code 0 when ready.
    health = ask(int(sys.argv[1]))
    sys.exit(None if health == "ready" else health)
