-- Events of applications built with the `eventsourcing` library, written to the same log: the same lock, positions and times as
-- `append`, and that library's own rules: a version may be anything that was not there, bytes need not be JSON.
-- Metadata begins with {"recorder": and holds a token made for this call, so that a call that is sent again, because its answer was
-- lost, finds its own events and answers their positions.
create table daybook.recorder_tracking (
    application text primary key,
    notification_id bigint not null  -- the newest notification of that application that was processed
);
create table daybook.recorder_snapshots (
    stream_id uuid not null,
    version integer not null,
    topic text not null,
    state bytea not null,
    primary key (stream_id, version)
);

create function daybook.record(
    e_stream uuid[], e_version int[], e_topic text[], e_state bytea[], e_metadata bytea[], upstream text, notification bigint
) returns setof bigint language plpgsql security definer set search_path = daybook, pg_temp as $$
#variable_conflict use_column
declare
    head bigint;
    newest timestamptz;
    moment timestamptz;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'record needs read committed';
    end if;
    perform pg_advisory_xact_lock(7709, 1);
    return query
        select e.position from unnest(e_stream, e_version, e_metadata) with ordinality as s(stream_id, version, metadata, no)
        cross join lateral (
            select k.position from events k where k.stream_id = s.stream_id and k.version = s.version and k.metadata = s.metadata limit 1) e
        order by s.no;
    if found then
        return;
    end if;
    if exists (select from unnest(e_stream, e_version) as s(stream_id, version) group by s.stream_id, s.version having count(*) > 1)
        or exists (
            select from unnest(e_stream, e_version) as s(stream_id, version)
            cross join lateral (select from events k where k.stream_id = s.stream_id and k.version = s.version limit 1) known)
    then
        raise unique_violation using message = 'an event with this version was recorded already';
    end if;
    if upstream is not null then
        insert into recorder_tracking as known (application, notification_id) values (upstream, notification)
        on conflict (application) do update set notification_id = excluded.notification_id
            where known.notification_id < excluded.notification_id;
        if not found then
            raise unique_violation using message = 'this notification, or a later one, was processed already';
        end if;
    end if;
    select e.position, e.recorded_at into head, newest from events e order by e.position desc limit 1;
    head := coalesce(head, 0);
    moment := greatest(clock_timestamp(), newest);
    return query
        insert into events (position, stream_id, version, type, data, metadata, actor_id, recorded_at)
        select head + s.no, s.stream_id, s.version, s.topic, s.state, s.metadata, null, moment
        from unnest(e_stream, e_version, e_topic, e_state, e_metadata) with ordinality as s(stream_id, version, topic, state, metadata, no)
        order by s.no
        returning position;
    if found then
        notify daybook_log;
    end if;
end $$;

revoke execute on function daybook.record from public;
grant execute on function daybook.record to daybook_app;
grant select on daybook.recorder_tracking to daybook_app;
grant select, insert on daybook.recorder_snapshots to daybook_app;
