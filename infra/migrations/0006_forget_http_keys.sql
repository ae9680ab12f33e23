-- Empty the slot of the ring that is written to next, if it still holds keys of the round before. Called by the clock.
create function daybook.forget_http_keys() returns boolean language plpgsql security definer set search_path = daybook, pg_temp as $$
declare
    next_slot int := ((extract(epoch from clock_timestamp())::bigint / 21600 + 1) % 6)::int;
    full_slot boolean;
begin
    perform pg_advisory_xact_lock(7709, 3);  -- two clocks that look at the slot and then both want to empty it would deadlock
    execute format('select exists (select from http_keys_%s)', next_slot) into full_slot;
    if full_slot then
        execute format('truncate http_keys_%s', next_slot);
    end if;
    return full_slot;
end $$;
