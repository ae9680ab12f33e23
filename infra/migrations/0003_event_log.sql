-- The log for people with SQL: data and metadata as json. Events of the `eventsourcing` library (0016) may be any bytes: base64 then.
create view daybook.event_log as
    select position, stream_id, version, type,
           case when metadata like '{"recorder":%'::bytea then to_json(encode(data, 'base64')) else convert_from(data, 'UTF8')::json end as data,
           convert_from(metadata, 'UTF8')::json as metadata,
           actor_id, recorded_at
    from daybook.events;
