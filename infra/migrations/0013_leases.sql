-- Who leads where one is enough (relay, clock). Only an optimisation: every holder's work is harmless when done twice.
create table daybook.leases (
    name text primary key,
    holder uuid not null,
    epoch bigint not null,
    held_until timestamptz not null
);
