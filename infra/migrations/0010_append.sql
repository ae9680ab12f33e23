-- The heart: write many commands at once, each judged by itself. One call is one autocommit statement: one lock, one flush.
--
-- Arrays named c_ have one line per command, e_ per event, n_ per unique name claimed (owner) or released (null owner),
-- v_ per vault entry kept or dropped (null). e_, n_ and v_ lines name their command by its number, counted from 1.
--
-- Outcomes: ok · duplicate (the key was used before; its answer comes back) · repeat (the key stands twice in this batch) ·
-- conflict (versions, or a command this one builds on failed) · taken (a unique name; print says which) · skewed (decided by a
-- clock over 2 s off).
create function daybook.append(
    c_key bytea[], c_lasting boolean[], c_print bytea[], c_actor uuid[], c_status smallint[], c_answer bytea[], c_decided timestamptz[],
    e_command int[], e_stream uuid[], e_version int[], e_type text[], e_data bytea[], e_metadata bytea[],
    n_command int[], n_kind text[], n_hmac bytea[], n_owner uuid[],
    v_command int[], v_kind text[], v_id uuid[], v_sealed bytea[]
) returns table (command int, outcome text, at_position bigint, print bytea, status smallint, answer bytea, written_at timestamptz)
language plpgsql security definer set search_path = daybook, pg_temp
-- The steps below are joined by command, and the planner takes each for ten rows: nested loops over them made a batch of 256 cost twice as
-- much for each command as one of 64. What is looked up in tables is written so that only its index can be used (lateral, ctid).
set enable_nestloop = off set enable_seqscan = off as $$
#variable_conflict use_column
declare
    head bigint;
    newest timestamptz;
    moment timestamptz;
    this_slot smallint;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'append needs read committed';
    end if;
    perform pg_advisory_xact_lock(7709, 1);
    -- A statement of its own, so that it sees what the last holder of the lock committed.
    select e.position, e.recorded_at into head, newest from events e order by e.position desc limit 1;
    head := coalesce(head, 0);
    moment := greatest(clock_timestamp(), newest);
    this_slot := (extract(epoch from moment)::bigint / 21600 % 6)::smallint;

    return query
    with recursive
    asked as materialized (
        select c.no::int as command, c.key, c.lasting, c.print, c.actor, c.status, c.answer,
               coalesce(used.position, done.position) as old_position, used.print as old_print, used.status as old_status,
               used.answer as old_answer, abs(extract(epoch from moment - c.decided)) > 2 as skewed,
               c.key is not null and row_number() over (partition by c.key order by c.no) > 1 as again
        from unnest(c_key, c_lasting, c_print, c_actor, c_status, c_answer, c_decided)
             with ordinality as c(key, lasting, print, actor, status, answer, decided, no)
        left join lateral (
            select k.position, k.fingerprint as print, k.status, k.answer from http_keys k
            where k.key = c.key and not c.lasting and k.recorded_at > moment - interval '24 hours' limit 1) used on true
        left join lateral (select d.position from commands d where d.id = c.key and c.lasting limit 1) done on true
    ),
    fresh as materialized (
        select a.command, a.key, a.lasting, a.print, a.actor, a.status, a.answer
        from asked a where a.old_position is null and not a.again and not a.skewed
    ),
    staged as materialized (
        select s.command, s.stream_id, s.version, s.type, s.data, s.metadata, s.no, f.actor,
               row_number() over (partition by s.stream_id order by s.no) as nth
        from unnest(e_command, e_stream, e_version, e_type, e_data, e_metadata)
             with ordinality as s(command, stream_id, version, type, data, metadata, no)
        join fresh f on f.command = s.command
    ),
    judged as materialized (
        select s.command, s.stream_id,
               s.version = s.nth + max(case when s.nth = 1 then coalesce(known.version, 0) end) over (partition by s.stream_id) as fits
        from staged s
        left join lateral (
            select e.version from events e where s.nth = 1 and e.stream_id = s.stream_id order by e.version desc limit 1) known on true
    ),
    claimed as materialized (  -- within one command the last word on a name counts
        select distinct on (n.command, n.kind, n.hmac) n.command, n.kind, n.hmac, n.owner, n.no
        from unnest(n_command, n_kind, n_hmac, n_owner) with ordinality as n(command, kind, hmac, owner, no)
        join fresh f on f.command = n.command
        order by n.command, n.kind, n.hmac, n.no desc
    ),
    named as materialized (
        select n.command, n.kind, n.hmac, n.owner, n.no, held.owner as holder, held.place,
               row_number() over (partition by n.kind, n.hmac order by n.command) as nth
        from claimed n
        left join lateral (select u.owner, u.ctid as place from unique_claims u where u.kind = n.kind and u.hmac = n.hmac limit 1) held on true
    ),
    failed as materialized (
        select j.command, 'conflict' as outcome, null::bytea as hmac, null::bigint as no from judged j where not j.fits
        union select n.command, 'taken', n.hmac, n.no from named n where n.owner is not null and n.holder <> n.owner
        union select n.command, 'conflict', null, null from named n where n.nth > 1
    ),
    lost(command) as (
        select f.command from failed f
        union
        select later.command from lost l join staged mine on mine.command = l.command
        join staged later on later.stream_id = mine.stream_id and later.command > mine.command
    ),
    won as materialized (
        select f.command, f.key, f.lasting, f.print, f.actor, f.status, f.answer
        from fresh f where f.command not in (select l.command from lost l)
    ),
    numbered as materialized (
        select s.command, head + row_number() over (order by s.no) as position, s.stream_id, s.version, s.type, s.data, s.metadata, s.actor
        from staged s where s.command in (select w.command from won w)
    ),
    written as (
        insert into events (position, stream_id, version, type, data, metadata, actor_id, recorded_at)
        select n.position, n.stream_id, n.version, n.type, n.data, n.metadata, n.actor, moment from numbered n
    ),
    reached as materialized (
        select w.command, coalesce(max(n.position), head) as position from won w left join numbered n on n.command = w.command group by w.command
    ),
    keys_kept as (
        insert into http_keys (slot, key, fingerprint, caller, status, position, answer, recorded_at)
        select this_slot, w.key, w.print, w.actor, w.status, r.position, w.answer, moment
        from won w join reached r on r.command = w.command where w.key is not null and not w.lasting
    ),
    ids_kept as (
        insert into commands (id, position)
        select w.key, r.position from won w join reached r on r.command = w.command where w.key is not null and w.lasting
    ),
    names_claimed as (
        insert into unique_claims (kind, hmac, owner)
        select n.kind, n.hmac, n.owner from named n
        where n.owner is not null and n.holder is null and n.command in (select w.command from won w)
    ),
    names_released as (
        delete from unique_claims u where u.ctid = any (array(
            select n.place from named n where n.owner is null and n.place is not null and n.command in (select w.command from won w)))
    ),
    secrets as materialized (
        select distinct on (v.kind, v.id) v.kind, v.id, v.sealed
        from unnest(v_command, v_kind, v_id, v_sealed) with ordinality as v(command, kind, id, sealed, no)
        where v.command in (select w.command from won w) order by v.kind, v.id, v.no desc
    ),
    secrets_kept as (
        insert into vault (kind, id, sealed) select s.kind, s.id, s.sealed from secrets s where s.sealed is not null
        on conflict (kind, id) do update set sealed = excluded.sealed
    ),
    secrets_dropped as (
        delete from vault v where v.ctid = any (array(
            select kept.place from secrets s
            cross join lateral (select k.ctid as place from vault k where k.kind = s.kind and k.id = s.id limit 1) kept where s.sealed is null))
    )
    select r.command, 'ok', r.position, null::bytea, null::smallint, null::bytea, moment from reached r
    union all
    select a.command, 'duplicate', a.old_position, a.old_print, a.old_status, a.old_answer, moment from asked a where a.old_position is not null
    union all
    select a.command, case when a.again then 'repeat' else 'skewed' end, null, null, null, null, moment
    from asked a where a.old_position is null and (a.again or a.skewed)
    union all
    select l.command, coalesce(min(f.outcome), 'conflict'), null, (array_agg(f.hmac order by f.no))[1], null, null, moment
    from lost l left join failed f on f.command = l.command group by l.command;
    if cardinality(e_command) > 0 then
        notify daybook_log;
    end if;
end $$;
