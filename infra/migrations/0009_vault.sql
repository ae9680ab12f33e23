-- What must be erasable or must never be in history: password and token hashes, keys of persons. Sealed with the master key.
-- Changed by the same append as the events, backed up separately.
create table daybook.vault (
    kind text not null,
    id uuid not null,
    sealed bytea not null,
    primary key (kind, id)
);
