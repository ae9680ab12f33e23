"""One JSON object per line on stdout; secrets never reach it (requirement S4-39)."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

SECRET: Final = frozenset({"authorization", "password", "token", "cookie", "set-cookie", "code", "access_token", "refresh_token"})
Line = MutableMapping[str, Any]


def redact(_logger: Any, _method: str, line: Line) -> Line:
    """Replace values whose name says that they are secret."""
    for name in line:
        if name.lower() in SECRET:
            line[name] = "***"
    return line


def configure(level: str, process: str) -> None:
    """Send everything that is logged, ours and the libraries', through one JSON formatter."""

    def name_process(_logger: Any, _method: str, line: Line) -> Line:
        line["process"] = process
        return line

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        name_process,
        redact,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # "uvicorn.error" would write the whole address of a WebSocket, with the ticket in it; our access log has a line without.
    for noisy in ("uvicorn.access", "uvicorn.error", "httpx", "httpcore", "psycopg.pool", "faststream"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
