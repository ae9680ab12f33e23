"""The logins of the embedded PostgreSQL: one owns the tables, the other is the application's and can only use them (mechanism A14)."""

from typing import Final

import msgspec

from infra.local.program import LOOPBACK
from infra.local.secrets import ServerSecrets

SUPER: Final = "postgres"
OWNER: Final = "daybook_owner"
APP: Final = "daybook_app"
DATABASE: Final = "daybook"


class Endpoint(msgspec.Struct, frozen=True):
    """Addresses of one database: for who owns the tables, for the application, and for who makes databases."""

    owner_url: str
    app_url: str
    super_url: str


def endpoint(port: int, database: str, known: ServerSecrets) -> Endpoint:
    """The addresses of one database on this port."""
    where = f"@{LOOPBACK}:{port}/{database}"
    return Endpoint(
        owner_url=f"postgresql://{OWNER}:{known.postgres_owner}{where}",
        app_url=f"postgresql://{APP}:{known.postgres_app}{where}",
        super_url=f"postgresql://{SUPER}:{known.postgres_super}{where}",
    )


def make_logins(at: Endpoint, known: ServerSecrets) -> None:
    """Make what is not there yet: both logins, and the database."""
    # Imported here so that commands that only look at the state folder stay quick.
    import psycopg
    from psycopg import sql

    def login(name: str, password: str) -> sql.Composed:
        return sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(password))

    with psycopg.connect(at.super_url, autocommit=True) as connection:
        there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        if OWNER not in there:
            connection.execute(login(OWNER, known.postgres_owner))
        if APP not in there:
            connection.execute(login(APP, known.postgres_app))
            connection.execute(f"GRANT {APP} TO {OWNER}")
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
