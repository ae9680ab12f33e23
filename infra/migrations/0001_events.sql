-- The log: the only truth. One row per event; position is gapless and in commit order because `append` gives it out under a lock.
-- Data and metadata are the exact bytes that were written (JSON for Daybook's own events).
create table daybook.events (
    position bigint primary key check (position > 0),
    stream_id uuid not null,
    version integer not null check (version >= 0),
    type text not null,
    data bytea not null check (octet_length(data) <= 262144),
    metadata bytea not null,
    actor_id uuid,
    recorded_at timestamptz not null,
    constraint one_event_per_version unique (stream_id, version)
) with (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000, autovacuum_freeze_min_age = 0);

-- A list waits for its caller's newest event: this index answers which one that is.
create index events_of_an_actor on daybook.events (actor_id, position) where actor_id is not null;
