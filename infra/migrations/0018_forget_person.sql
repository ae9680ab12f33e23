-- Delete what is kept of an erased person outside the history: the answers their requests got, states folded from their streams, and what
-- their account and their sessions left in the vault. Refused for everybody who was not erased.
-- Goes through all stored answers: an index by caller would cost every command 12 µs, for what happens seldom.
create function daybook.forget_person(person uuid, sessions uuid[]) returns void
language plpgsql security definer set search_path = daybook, pg_temp as $$
begin
    if not exists (select from events e where e.stream_id = person and e.type = 'user.erased') then
        raise exception 'this person was not erased' using errcode = 'insufficient_privilege';
    end if;
    delete from http_keys k where k.caller = person;
    delete from snapshots s where s.stream_id = person or s.stream_id = any (sessions);
    delete from vault v where v.id = person or (v.kind = 'refresh' and v.id = any (sessions));
end $$;
revoke execute on function daybook.forget_person from public;
grant execute on function daybook.forget_person to daybook_app;
