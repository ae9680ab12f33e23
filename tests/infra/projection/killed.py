"""A rebuild in a process of its own, to be killed: python -m tests.infra.projection.killed DATABASE REDIS MODEL. Says each finished part."""

import asyncio
import sys

from infra.projection import fill
from infra.projection.cache_place import CachePlace
from infra.projection.rebuild import rebuild
from infra.projection.table_place import TablePlace
from infra.settings import Settings
from tests.infra.projection.toys import MODELS

fill.EVENTS = 100  # type: ignore[misc]  # Small parts, so that there are several.
for place in (TablePlace, CachePlace):

    def write(self, part, folded, original=place.write):
        """Write, say so, and wait for the end after the second part."""
        told = original(self, part, folded)
        sys.stdout.write(f"{part}\n")
        sys.stdout.flush()
        if part == 1:
            sys.stdin.read()
        return told

    place.write = write  # type: ignore[method-assign]  # replaced on purpose
database, redis, name = sys.argv[1:]
settings = Settings(database_url=database, redis_url=redis, master_key="", secret_key="", jwt_private_keys="")
asyncio.run(rebuild(settings, MODELS[name]))
