-- Ids of commands that reactions and the clock derived from events, kept for ever: redelivery is harmless for ever.
create table daybook.commands (
    id bytea primary key,
    position bigint not null
);
