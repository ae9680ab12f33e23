"""Who holds and who waits for the append lock, as the server tells it."""

TAKE = "select pg_backend_pid() from (select pg_advisory_xact_lock(7709, 1)) as taken"


async def lock_holders(connection, waiting_for=None):
    """Processes that hold the append lock of this database."""
    query = """select l.pid from pg_locks l join pg_stat_activity a using (pid)
               where l.locktype = 'advisory' and l.classid = 7709 and l.objid = 1 and l.granted
                 and a.datname = current_database() and (%s::text is null or a.wait_event = %s)"""
    return [row[0] for row in await (await connection.execute(query, (waiting_for, waiting_for))).fetchall()]


async def locks_waited_for(connection):
    query = """select l.pid from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and l.classid = 7709
               and not l.granted and a.datname = current_database()"""
    return [row[0] for row in await (await connection.execute(query)).fetchall()]
