-- Which log this is. A restore gives it a new id, so that checkpoints taken before are recognised as another log's.
create table daybook.log_identity (
    log_id uuid not null default gen_random_uuid(),
    only_one boolean primary key default true check (only_one)
);
insert into daybook.log_identity default values;
