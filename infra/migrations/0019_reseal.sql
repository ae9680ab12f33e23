-- Replace entries of the vault by the same ones sealed with a newer master key, each only if it is still the very entry that was read.
-- Under the lock of `append`: that deletes by place (ctid), and would miss a row that moves at the same moment.
create function daybook.reseal(v_kind text[], v_id uuid[], v_old bytea[], v_new bytea[]) returns integer
language plpgsql security definer set search_path = daybook, pg_temp as $$
declare
    replaced integer;
begin
    perform pg_advisory_xact_lock(7709, 1);
    update vault v set sealed = n.new from unnest(v_kind, v_id, v_old, v_new) as n(kind, id, old, new)
    where v.kind = n.kind and v.id = n.id and v.sealed = n.old;
    get diagnostics replaced = row_count;
    return replaced;
end $$;
revoke execute on function daybook.reseal from public;
grant execute on function daybook.reseal to daybook_app;
