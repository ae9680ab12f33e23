"""Synchronous connections with Daybook's session settings, and the driver's errors in the library's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from eventsourcing import persistence
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from infra.postgres.connections import SESSION, SOCKET

ERRORS: Final[tuple[tuple[type[Exception], type[persistence.PersistenceError]], ...]] = (
    (PoolTimeout, persistence.OperationalError),
    (PoolClosed, persistence.OperationalError),
    (psycopg.IntegrityError, persistence.IntegrityError),
    (psycopg.DataError, persistence.DataError),
    (psycopg.OperationalError, persistence.OperationalError),
    (psycopg.ProgrammingError, persistence.ProgrammingError),
    (psycopg.NotSupportedError, persistence.NotSupportedError),
    (psycopg.InternalError, persistence.InternalError),
    (psycopg.DatabaseError, persistence.DatabaseError),
    (psycopg.InterfaceError, persistence.InterfaceError),
)
OPTIONS: Final[dict[str, Any]] = {"autocommit": True, "options": SESSION, "application_name": "daybook-eventsourcing", **SOCKET}


class Datastore:
    """A pool of autocommit connections of the application's role to a database that Daybook migrated."""

    def __init__(self, url: str, *, size: int = 5) -> None:
        self.url = url
        self._pool: ConnectionPool[Connection[Any]] = ConnectionPool(url, kwargs=OPTIONS, min_size=0, max_size=size, open=True, timeout=10.0)

    def query(self, statement: str, arguments: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement, which is one transaction; raises the library's errors."""
        with translated(), self._pool.connection() as connection:
            return connection.execute(statement.encode(), arguments, prepare=True, binary=True).fetchall()

    def listening(self, channel: str) -> Connection[Any]:
        """A connection outside the pool that hears a channel; raises the library's errors."""
        with translated():
            connection = psycopg.connect(self.url, **OPTIONS)
            connection.execute(f"listen {channel}".encode())
            return connection

    def close(self) -> None:
        """Disconnect."""
        self._pool.close()


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as the library's own."""
    try:
        yield
    except (psycopg.Error, PoolTimeout, PoolClosed) as error:
        for theirs, ours in ERRORS:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise persistence.PersistenceError(str(error)) from error
