-- Disposable states of long streams. Valid only for the fold they were made by and while the event they end with is in the log.
create table daybook.snapshots (
    stream_id uuid not null,
    fold bytea not null,            -- hash of the fold's code
    version integer not null,
    position bigint not null,       -- of the event at that version
    state bytea not null,
    primary key (stream_id, fold, version)
);
