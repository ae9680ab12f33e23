-- The application reads everything and writes history only through `append`. What is disposable it may write freely.
do $$ begin
    if not exists (select from pg_roles where rolname = 'daybook_app') then
        create role daybook_app nologin;
    end if;
exception when duplicate_object or unique_violation then null;  -- another database of this cluster was faster
end $$;
do $$ begin
    execute format('grant daybook_app to %I', current_user);  -- a login that owns the tables may also act as the application
exception when insufficient_privilege or invalid_grant_operation then null;  -- the application has its own login here
end $$;
grant usage on schema daybook to daybook_app;
grant select on all tables in schema daybook to daybook_app;
grant insert, update, delete on daybook.snapshots, daybook.read_models, daybook.parked, daybook.leases, daybook.deadline_tries to daybook_app;
revoke execute on all functions in schema daybook from public;
grant execute on function daybook.append, daybook.forget_http_keys to daybook_app;
grant usage, create on schema read_models to daybook_app;
