"""`daybook migrate`."""

import sys
from typing import Any

import rich_click as click


@click.command()
@click.option("--status", is_flag=True, help="Only say what is applied and what is not; exit code 0 when nothing is missing.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(*, status: bool, as_json: bool) -> None:
    """Bring the database up to this code: every migration that is missing, each in a transaction of its own. Needs no secrets.

    Signs in with MIGRATION_DATABASE_URL, else DATABASE_URL, else as `up` does in this clone.

    Example: daybook migrate --status --json
    """
    import msgspec
    import psycopg

    from infra.local.state import LocalProblem
    from infra.postgres.migrate import ChangedMigration, NewerSchema, known_migrations, migrate

    try:
        applied = [] if status else migrate(_owner_url())
        there = _there(_owner_url())
    except (NewerSchema, ChangedMigration) as problem:
        raise LocalProblem(str(problem)) from None
    except psycopg.Error as error:
        raise LocalProblem(f"the database did not do it: {str(error).strip().splitlines()[0]}") from None
    rows: list[dict[str, Any]] = [{"number": one.number, "name": one.name, "applied_at": there.get(one.number)} for one in known_migrations()]
    rows += [{"number": number, "name": "(of a newer Daybook)", "applied_at": at} for number, at in there.items() if number > len(rows)]
    pending = sum(row["applied_at"] is None for row in rows)
    if as_json:
        click.echo(msgspec.json.encode({"applied": applied, "pending": pending, "migrations": rows}).decode())
    elif status:
        for row in rows:
            click.echo(f"{row['number']:04}  {row['name']:<24}{row['applied_at'] or 'missing'}")
    else:
        click.echo(f"Applied {', '.join(applied)}." if applied else "Nothing to do: the database is as this code wants it.")
    sys.exit(1 if pending else 0)


def _owner_url() -> str:
    from infra.local.state import SYSTEM, here
    from infra.settings import given, read_settings

    known = here().read(SYSTEM, dict[str, str]) if given("DATABASE_URL") is None else None
    # A job that migrates is not trusted with the application's secrets: what it lacks is filled with words that open nothing.
    unused = {"REDIS_URL": "redis://", "MASTER_KEY": "-", "SECRET_KEY": "-", "JWT_PRIVATE_KEYS": "-"}
    return read_settings(beneath=unused | (known or {})).owner_url


def _there(url: str) -> dict[int, Any]:
    """Number → when it was applied."""
    import psycopg

    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        begun = connection.execute("select to_regclass('daybook.migrations') is not null").fetchone()
        if not begun or not begun[0]:
            return {}
        return dict(connection.execute("select number, applied_at from daybook.migrations order by number").fetchall())
