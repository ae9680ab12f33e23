-- Idempotency keys of HTTP callers with the answer they got, kept for 24 h. Six slots of six hours make a ring: the slot that comes
-- next is emptied by TRUNCATE, so forgetting costs nothing, needs no new partitions, and a stopped clock process loses nothing.
create table daybook.http_keys (
    slot smallint not null,
    key bytea not null,             -- HMAC of scope and key
    fingerprint bytea not null,     -- of the request: the same key with another body is refused
    caller uuid,
    status smallint not null,
    position bigint not null,
    answer bytea,                   -- the sealed body, without its position; null where it is rendered again
    recorded_at timestamptz not null
) partition by list (slot);
create table daybook.http_keys_0 partition of daybook.http_keys for values in (0);
create table daybook.http_keys_1 partition of daybook.http_keys for values in (1);
create table daybook.http_keys_2 partition of daybook.http_keys for values in (2);
create table daybook.http_keys_3 partition of daybook.http_keys for values in (3);
create table daybook.http_keys_4 partition of daybook.http_keys for values in (4);
create table daybook.http_keys_5 partition of daybook.http_keys for values in (5);
create index http_keys_by_key on daybook.http_keys (key);
