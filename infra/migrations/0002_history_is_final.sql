-- Nobody changes history, not even the owner of the table by mistake.
create function daybook.refuse_to_change_history() returns trigger language plpgsql as $$
begin
    raise exception 'history is final: % on % is forbidden', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger history_is_final before update or delete on daybook.events for each row execute function daybook.refuse_to_change_history();
create trigger history_is_kept before truncate on daybook.events for each statement execute function daybook.refuse_to_change_history();
alter table daybook.events enable always trigger history_is_final;
alter table daybook.events enable always trigger history_is_kept;
