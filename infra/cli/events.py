"""`daybook events`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import rich_click as click

Json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for scripts.")
LIMIT = 1000
POLL = 0.25
"""Seconds between two looks at the log while it is followed."""


@click.group()
def command() -> None:
    """Look at the log itself. Personal data stays sealed."""


@command.command()
@click.argument("stream_id", type=click.UUID)
@Json
def stream(stream_id: UUID, *, as_json: bool) -> None:
    """Show every event of one stream (a task, an account …), oldest first. Exit code 1 when there is none.

    Example: daybook events stream 0193a7c2-0000-7000-8000-000000000001
    """
    if not _show(_of_stream(stream_id), as_json=as_json):
        raise click.ClickException(f"there is no stream {stream_id}")


@command.command()
@click.argument("position", type=click.IntRange(1))
@Json
def show(position: int, *, as_json: bool) -> None:
    """Show the event at a position of the log. Exit code 1 when there is none.

    Example: daybook events show 1
    """
    if not _show(_after(position - 1, position, follow=False), as_json=as_json):
        raise click.ClickException(f"the log does not reach position {position}")


@command.command()
@click.option("--follow", is_flag=True, help="Go on with what is appended, until Ctrl-C.")
@click.option("--from", "first", type=click.IntRange(1), help="From this position on.  [default: the last 10]")
@Json
def tail(*, follow: bool, first: int | None, as_json: bool) -> None:
    """Show the newest events.

    Example: daybook events tail --follow
    """
    _show(_after(None if first is None else first - 1, None, follow=follow), as_json=as_json)


def _show(events: AsyncIterator[dict[str, Any]], *, as_json: bool) -> int:
    import contextlib

    import psycopg

    async def say() -> int:
        count = 0
        async for event in events:
            count += 1
            _say(event, as_json=as_json)
        return count

    with contextlib.suppress(KeyboardInterrupt):
        try:
            return asyncio.run(say())
        except (psycopg.OperationalError, OSError) as error:
            raise click.ClickException(f"the database does not answer: {error}") from None
    return 1


def _say(event: dict[str, Any], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        click.echo(msgspec.json.encode(event).decode())
        return
    at = f"{event['recorded_at']:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    by = event["actor_id"] or "system"
    click.echo(f"{event['position']:>8}  {at}  {event['stream_id']} v{event['version']:<4} {event['type']:<28} by {by}")
    click.echo(f"          {msgspec.json.encode(event['data']).decode()}")


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("position", "stream_id", "version", "type", "data", "metadata", "actor_id", "recorded_at")
    return dict(zip(names, row, strict=True))


COLUMNS = "position, stream_id, version, type, data, metadata, actor_id, recorded_at"


async def _of_stream(stream_id: UUID) -> AsyncIterator[dict[str, Any]]:
    version = -1
    async with _connected() as connection:
        while True:
            query = f"select {COLUMNS} from event_log where stream_id = %s and version > %s order by version limit {LIMIT}"
            rows = await (await connection.execute(query, (stream_id, version))).fetchall()
            for row in rows:
                yield _event(row)
            if len(rows) < LIMIT:
                return
            version = rows[-1][2]


async def _after(position: int | None, last: int | None, *, follow: bool) -> AsyncIterator[dict[str, Any]]:
    async with _connected() as connection:
        if position is None:
            head = await (await connection.execute("select coalesce(max(position), 0) from events")).fetchone()
            position = max(0, (head[0] if head else 0) - 10)
        while True:
            query = f"""select {COLUMNS} from event_log where position > %s and position <= coalesce(%s, 9223372036854775807)
                        order by position limit {LIMIT}"""
            rows = await (await connection.execute(query, (position, last))).fetchall()
            for row in rows:
                yield _event(row)
            if rows:
                position = rows[-1][0]
            elif not follow:
                return
            else:
                await asyncio.sleep(POLL)


def _connected() -> Any:
    from contextlib import asynccontextmanager

    from infra.local.state import current_settings
    from infra.postgres.connections import connect

    @asynccontextmanager
    async def opened() -> AsyncIterator[Any]:
        async with await connect(current_settings().database_url, name="events") as connection:
            yield connection

    return opened()
