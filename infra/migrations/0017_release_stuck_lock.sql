-- End a backend that has held the append lock for too long, so that the others can go on. Called by the clock. What an append had not
-- committed is rolled back then, and its command is resolved by its key. A backend that waits for a replica is never ended: its
-- commit is on disk here, and cancelling would acknowledge what may not be replicated.
-- A running statement may have waited for the lock itself, at most 2 s (lock_timeout of the sessions): these do not count.
create function daybook.release_stuck_lock(too_long interval) returns setof integer
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with stuck as materialized (  -- found first: in one WHERE the server is free to end a process before it looks at what it holds
        select a.pid
        from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.classid = 7709 and l.objid = 1 and l.objsubid = 2 and l.granted
          and l.database = (select d.oid from pg_database d where d.datname = current_database())
          and a.wait_event is distinct from 'SyncRep'
          and clock_timestamp() - case when a.state = 'active' then a.query_start + interval '2 seconds' else a.state_change end > too_long
    )
    select s.pid from stuck s where pg_terminate_backend(s.pid)
$$;
revoke execute on function daybook.release_stuck_lock from public;
grant execute on function daybook.release_stuck_lock to daybook_app;
