-- The log for people with SQL: data and metadata as json.
create view daybook.event_log as
    select position, stream_id, version, type, convert_from(data, 'UTF8')::json as data, convert_from(metadata, 'UTF8')::json as metadata,
           actor_id, recorded_at
    from daybook.events;
