"""What PostgreSQL keeps of people outside the log: the answers their requests got, and states folded from their streams."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from domain.notifications.notification import AT_ONCE
from projections.identity.api_keys import API_KEYS
from projections.identity.sessions import SESSIONS
from projections.notifications.notifications import NOTIFICATIONS
from projections.projects.invitations import INVITATIONS
from projections.projects.memberships import MEMBERSHIPS
from projections.shared.read_model import ReadModel
from projections.shared.reading import ProjectionBehind
from projections.tasks.task_board import TASK_BOARD

PATIENCE: Final = 1.0
"""Seconds; a decision must not take two."""


class PostgresRemains:
    """The `Remains` port. Raises psycopg.Error, also while a read model is not there yet: then it is asked again later."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._under_way: dict[UUID, asyncio.Task[None]] = {}

    async def sessions_of(self, person_id: UUID) -> Sequence[UUID]:
        """As far as the read model has come."""
        return await self._ids(f"select id from read_models.{SESSIONS.table} where user_id = %s", person_id)

    async def keys_of(self, person_id: UUID) -> Sequence[UUID]:
        """As far as the read model has come."""
        return await self._ids(f"select id from read_models.{API_KEYS.table} where owner_id = %s", person_id)

    async def tasks_of(self, person_id: UUID, *, seen: int, beyond: UUID | None, most: int) -> Sequence[UUID]:
        """From the board of tasks, once it has come so far: by its index of owners and its lists of helpers and watchers."""
        board = f"read_models.{TASK_BOARD.table}"
        listed = f"(select key as id from {board}_lists where list = %({{name}})s and key > %(beyond)s order by key limit %(most)s)"
        query = f"""
            select m.position, r.id from daybook.read_models m left join lateral (
                (select id from {board} where owner_id = %(who)s and not deleted and id > %(beyond)s order by id limit %(most)s)
                union {listed.format(name="helper")} union {listed.format(name="watcher")} order by id limit %(most)s) r on true
            where m.model = %(model)s and m.state = 'live' order by r.id"""
        values = {"beyond": beyond or UUID(int=0), "who": person_id, "most": most, "model": TASK_BOARD.table}
        values |= {"helper": f"assignee:{person_id}", "watcher": f"watcher:{person_id}"}
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(query.encode(), values)).fetchall()
        if not rows or rows[0][0] < seen:
            raise ProjectionBehind
        return [row[1] for row in rows if row[1] is not None]

    async def notifications_of(self, person_id: UUID, *, after: UUID) -> Sequence[UUID]:
        """From the list of notifications, once it has come so far, by one statement as above."""
        query = f"""
            select m.position >= (select max(position) from events where stream_id = %(after)s), r.id
            from daybook.read_models m left join lateral (
                select id from read_models.{NOTIFICATIONS.table} where user_id = %(who)s limit {AT_ONCE}) r on true
            where m.model = %(model)s and m.state = 'live'"""
        values = {"after": after, "who": person_id, "model": NOTIFICATIONS.table}
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(query.encode(), values)).fetchall()
        if not rows or not rows[0][0]:
            raise ProjectionBehind
        return [row[1] for row in rows if row[1] is not None]

    async def circles_of(self, person_id: UUID, *, seen: int) -> Sequence[UUID]:
        """From the memberships, once they have come so far."""
        return await self._known(MEMBERSHIPS, "select circle_id from read_models.{table} where user_id = %(who)s", person_id, seen)

    async def invitations_of(self, person_id: UUID, *, seen: int) -> Sequence[UUID]:
        """From the invitations, once they have come so far."""
        return await self._known(INVITATIONS, "select id from read_models.{table} where invited_id = %(who)s and status = 'pending'", person_id, seen)

    async def _known(self, model: ReadModel[Any], rows_of: str, person_id: UUID, seen: int) -> Sequence[UUID]:
        """Ids from a read model that has come as far as `seen`: judged by the statement that reads them."""
        query = f"""select m.position, r.* from daybook.read_models m left join lateral ({rows_of.format(table=model.table)}) r on true
            where m.model = %(model)s and m.state = 'live'"""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query.encode(), {"who": person_id, "model": model.table})
            rows = await cursor.fetchall()
        if not rows or rows[0][0] < seen:
            raise ProjectionBehind
        return [row[1] for row in rows if row[1] is not None]

    async def forget(self, person_id: UUID, sessions: Sequence[UUID]) -> bool:
        """In a task of its own, one for each person: whoever waits for it, the clock, has other things to do."""
        task = self._under_way.get(person_id)
        if task is None:
            task = self._under_way[person_id] = asyncio.create_task(self._forget(person_id, sessions))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # Seen, though nobody may come back for it.
        await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done():
            return False
        del self._under_way[person_id]
        task.result()
        return True

    async def _forget(self, person_id: UUID, sessions: Sequence[UUID]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("select daybook.forget_person(%s, %s)", (person_id, list(sessions)))

    async def _ids(self, query: str, person_id: UUID) -> Sequence[UUID]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query.encode(), (person_id,))
            return [row[0] for row in await cursor.fetchall()]
