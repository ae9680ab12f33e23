-- One row per build of a read model, and per reaction (store 'reaction', build 0): how far it has come, who folds it, what state it is in.
-- The checkpoint names the event at its position, so that a log that lost its tail is noticed (divergence).
create table daybook.read_models (
    model text not null,
    build integer not null,
    store text not null,
    state text not null check (state in ('building', 'ready', 'live', 'previous', 'diverged', 'stopped')),
    position bigint not null default 0,
    log_id uuid not null,
    stream_id uuid,                 -- stream and version of the event at the position
    version integer,
    epoch bigint not null default 0,
    holder uuid,
    held_until timestamptz,
    primary key (model, build)
);
create unique index one_live_build on daybook.read_models (model) where state in ('live', 'diverged', 'stopped');

-- Rows whose fold failed, with the first event that could not be folded. Everything else goes on.
create table daybook.parked (
    model text not null,
    build integer not null,
    key text not null,
    position bigint not null,
    error text not null,
    parked_at timestamptz not null default clock_timestamp(),
    primary key (model, build, key)
);
create schema read_models;
