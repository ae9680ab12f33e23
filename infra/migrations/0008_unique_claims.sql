-- Who holds a unique name (e-mail, product name, external id). Changed only by `append`; can be rebuilt from the log.
create table daybook.unique_claims (
    kind text not null,
    hmac bytea not null,
    owner uuid not null,
    primary key (kind, hmac)
);
