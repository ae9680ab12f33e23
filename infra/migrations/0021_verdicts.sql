-- What came of verifying ledger and stock the last time, so that every clock tells it, also one that was started since.
create table daybook.verdicts (
    what text primary key,          -- ledger or stock
    wrong integer not null,         -- how many things
    named text[] not null,          -- the first of them
    trouble text not null,          -- why it could not be done; else empty
    at timestamptz not null default clock_timestamp()
);
grant select, insert, update on daybook.verdicts to daybook_app;
