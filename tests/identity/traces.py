"""Looking for words everywhere a Daybook keeps anything: every table of the database, every key of Redis, everything that was logged."""

import asyncio
from typing import Any

import psycopg
import redis

from tests.servers import Database

TABLES = "select schemaname, tablename from pg_tables where schemaname in ('daybook', 'read_models') order by 1, 2"


def kept(database: Database, redis_url: str) -> dict[str, bytes]:
    """All that is kept, by table and key, as the bytes that stand there."""
    return _in_postgres(database) | _in_redis(redis_url)


def _in_postgres(database: Database) -> dict[str, bytes]:
    with psycopg.connect(database.super_url) as connection:
        found = {}
        for schema, table in connection.execute(TABLES).fetchall():
            with connection.cursor().copy(f'copy (select * from "{schema}"."{table}") to stdout (format binary)') as copy:
                found[f"{schema}.{table}"] = b"".join(bytes(part) for part in copy)
        return found


def _in_redis(url: str) -> dict[str, bytes]:
    readers: dict[bytes, Any] = {
        b"string": lambda client, key: client.get(key),
        b"hash": lambda client, key: client.hgetall(key),
        b"set": lambda client, key: client.smembers(key),
        b"zset": lambda client, key: client.zrange(key, 0, -1),
        b"list": lambda client, key: client.lrange(key, 0, -1),
        b"stream": lambda client, key: client.xrange(key),
    }
    with redis.Redis.from_url(url) as client:
        found = {}
        for key in client.scan_iter():
            value = readers[client.type(key)](client, key)
            found[f"redis {key!r}"] = key + b" " + _flat(value)
        return found


def _flat(value: Any) -> bytes:
    if isinstance(value, dict):
        return b" ".join(_flat(one) for pair in value.items() for one in pair)
    if isinstance(value, list | set | tuple):
        return b" ".join(_flat(one) for one in value)
    return value if isinstance(value, bytes) else str(value).encode()


def where(words: list[str], places: dict[str, bytes]) -> list[tuple[str, str]]:
    """Where which word stands, in whatever case."""
    lowered = {place: content.lower() for place, content in places.items()}
    return [(word, place) for word in words for place, content in lowered.items() if word.lower().encode() in content]


async def looked(words: list[str], database: Database, redis_url: str) -> list[tuple[str, str]]:
    """The same, beside a running Daybook."""
    return where(words, await asyncio.to_thread(kept, database, redis_url))
