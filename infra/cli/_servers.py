"""What commands that look into a running system share."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

Answer = TypeVar("Answer")
SHOWN = 50
"""Things that are wrong of which each is named; with --json all are."""


def run(work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    """Do it; what can go wrong ends with one line and exit code 1."""
    import psycopg
    from redis.exceptions import RedisError

    import infra.app  # noqa: F401 — imports every context, whose events are in the log.
    from infra.projection.builds import NoSuchBuild
    from infra.projection.verify import Moved
    from infra.redis.row_cache import Damaged

    try:
        return asyncio.run(work())
    except (NoSuchBuild, Moved, Damaged) as error:
        raise click.ClickException(str(error)) from None
    except (psycopg.OperationalError, RedisError, OSError) as error:
        raise click.ClickException(f"a server does not answer: {error}") from None


def say_verdict(told: Any, read: str, right: str) -> None:
    """What an audit read, whether all of it is quiet, and what is wrong."""
    quiet = "all is quiet" if told.under_way == 0 else f"{told.under_way:,} under way"
    verdict = right if told.is_right else f"{len(told.wrong):,} things are WRONG"
    click.echo(f"{read} up to position {told.position:,}, {quiet}: {verdict}")
    for one in told.wrong[:SHOWN]:
        click.echo(f"  {one.what}: {one.why}")


def say_json(value: Any) -> None:
    """For scripts."""
    import msgspec

    click.echo(msgspec.json.encode(value).decode())
