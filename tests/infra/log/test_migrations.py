"""Migrations: each once, never changed afterwards, never by older code, and the same database whatever the way there."""

import threading

import msgspec
import psycopg
import pytest

from infra.postgres.migrate import ChangedMigration, Migration, NewerSchema, known_migrations, migrate

OBJECTS = """
select 'column', table_schema || '.' || table_name || '.' || column_name,
       data_type || coalesce(column_default, '') || is_nullable || coalesce(is_generated, '')
from information_schema.columns where table_schema in ('daybook', 'read_models')
union all select 'relation', c.relname, c.relkind::text || coalesce(c.reloptions::text, '') || coalesce(c.relacl::text, '')
from pg_class c where c.relnamespace in ('daybook'::regnamespace, 'read_models'::regnamespace)
union all select 'constraint', conrelid::regclass || conname, pg_get_constraintdef(oid)
from pg_constraint where connamespace = 'daybook'::regnamespace
union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'daybook'
union all select 'trigger', tgname, pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal
union all select 'function', proname, pg_get_functiondef(oid) || coalesce(proacl::text, '')
from pg_proc where pronamespace = 'daybook'::regnamespace
union all select 'view', viewname, definition from pg_views where schemaname = 'daybook'
union all select 'schema', nspname, coalesce(nspacl::text, '') from pg_namespace where nspname in ('daybook', 'read_models')
order by 1, 2, 3"""


def objects(url):
    with psycopg.connect(url) as connection:
        return connection.execute(OBJECTS).fetchall()


def head_migration(url):
    """The newest applied migration, 0 for an empty database."""
    with psycopg.connect(url) as connection:
        if connection.execute("select to_regclass('daybook.migrations')").fetchone() == (None,):
            return 0
        return connection.execute("select coalesce(max(number), 0) from daybook.migrations").fetchone()[0]


def test_every_file_is_applied_once_in_order(any_database):
    names = [migration.name for migration in known_migrations()]
    assert migrate(any_database.owner_url) == names
    assert migrate(any_database.owner_url) == []
    assert head_migration(any_database.owner_url) == len(names) > 0


def test_numbers_leave_no_gap_and_names_say_one_thing():
    known = known_migrations()
    assert [migration.number for migration in known] == list(range(1, len(known) + 1))
    assert len({migration.name for migration in known}) == len(known)


def test_an_empty_database_is_at_migration_0(any_database):
    assert head_migration(any_database.owner_url) == 0


def test_a_fresh_database_equals_one_that_was_migrated_step_by_step(postgres_server):
    fresh, stepwise = postgres_server.new_database(), postgres_server.new_database()
    try:
        known = known_migrations()
        migrate(fresh.owner_url)
        for upto in range(1, len(known) + 1):
            assert migrate(stepwise.owner_url, known[:upto]) == [known[upto - 1].name]
        assert objects(stepwise.owner_url) == objects(fresh.owner_url)
        assert len(objects(fresh.owner_url)) > 100
    finally:
        postgres_server.drop(fresh)
        postgres_server.drop(stepwise)


def test_both_servers_come_to_the_same_tables_and_functions(embedded_log, external_log):
    def shapes(database):
        return [row for row in objects(database.super_url) if row[0] in {"column", "index", "trigger"}]

    assert shapes(embedded_log) == shapes(external_log)


def test_older_code_refuses_a_newer_database_and_changes_nothing(fresh_database):
    migrate(fresh_database.owner_url)
    newer = Migration(999, "from_the_future", "select 1")
    migrate(fresh_database.owner_url, [*known_migrations(), newer])
    before = objects(fresh_database.owner_url)
    with pytest.raises(NewerSchema, match="999") as refused:
        migrate(fresh_database.owner_url)
    assert "\n" not in str(refused.value)
    assert objects(fresh_database.owner_url) == before


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(fresh_database):
    known = known_migrations()
    migrate(fresh_database.owner_url, known[:3])
    changed = msgspec.structs.replace(known[2], sql=known[2].sql + "\n-- afterthought")
    with pytest.raises(ChangedMigration, match=r"3 \(event_log\)"):
        migrate(fresh_database.owner_url, [*known[:2], changed])


def test_a_migration_that_fails_leaves_nothing_of_itself_and_all_before_it(fresh_database):
    known = known_migrations()
    broken = Migration(3, "broken", "create table daybook.half (id int); select 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(fresh_database.owner_url, [*known[:2], broken])
    assert head_migration(fresh_database.owner_url) == 2
    assert migrate(fresh_database.owner_url) == [migration.name for migration in known[2:]]


def test_two_processes_that_migrate_at_once_apply_everything_once(fresh_database):
    told: list[list[str]] = []
    threads = [threading.Thread(target=lambda: told.append(migrate(fresh_database.owner_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, told)) == [0, 0, 0, len(known_migrations())]
