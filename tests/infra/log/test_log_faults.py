"""Connections that are lost, errors nobody expected, a database that is busy or stuck: every command is written once or refused."""

import asyncio
import itertools
from uuid import uuid4

import psycopg
import pytest

from application.shared.ports import Lost, Secret
from domain.shared.refused import Overloaded
from infra.postgres import appender
from infra.postgres.connections import connect
from infra.postgres.log import PostgresLog
from tests.eventually import eventually
from tests.infra.log.locks import TAKE, locks_waited_for
from tests.infra.log.proxy import Proxy
from tests.infra.log.toys import Counter, added, entry, name, new_key, outcome, total

END_SESSIONS = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'daybook-appender' and datname = %s"


@pytest.fixture
async def proxied(database):
    """The log with its appender behind a proxy that can lose what is on its way."""
    async with Proxy(database.app_url).running() as proxy:
        log = PostgresLog(database.app_url, readers=1)
        log.appender = appender.Appender(lambda: connect(proxy.url, name="appender"), log.clock)
        await log.start()
        await log.append(entry(log, added(uuid4(), 1)))  # from now on one request is one call of `append`
        yield log, proxy
        await log.stop()


async def test_a_lost_acknowledgement_is_resolved_by_sending_again_with_the_key(proxied):
    log, proxy = proxied
    stream, key = uuid4(), new_key()
    proxy.lose_answer()
    written = await log.append(entry(log, added(stream, 1), key=key, answer=b"sealed", status=201))
    assert proxy.cuts == 1
    assert (written.duplicate, written.status, written.answer) == (True, 201, b"sealed")
    assert await total(log, stream) == (1, 1)


async def test_a_request_that_never_arrived_is_written_when_it_is_sent_again(proxied):
    log, proxy = proxied
    stream = uuid4()
    proxy.lose_request()
    written = await log.append(entry(log, added(stream, 1), key=new_key()))
    assert (proxy.cuts, written.duplicate) == (1, False)
    assert await total(log, stream) == (1, 1)


async def test_a_command_without_a_key_finds_its_own_events_again(proxied):
    log, proxy = proxied
    stream, word = uuid4(), uuid4().hex
    proxy.lose_answer()
    wanted = entry(log, added(stream, 1), added(stream, 2), claims=(name(word, stream),), secrets=(Secret("toy", stream, b"kept"),))
    written = await log.append(wanted)
    assert proxy.cuts == 1
    assert await log.load(Counter, stream) == (Counter(id=stream, version=2, total=2), written.position)
    assert await log.holder("toy", word.encode()) == stream


async def test_a_lost_acknowledgement_is_resolved_also_when_the_decision_has_become_old_meanwhile(proxied):
    """Then the outcome is `skewed`, and taking it for lost would decide and write the command again."""
    log, proxy = proxied
    stream = uuid4()
    wanted = entry(log, added(stream, 1), late=1.9)
    proxy.lose_answer()
    async with asyncio.timeout(5):
        sent = asyncio.create_task(log.append(wanted))
        await eventually(lambda: asyncio.sleep(0, proxy.cuts), what="the answer to be lost")
        wanted.decided_at = wanted.decided_at.replace(year=2000)  # as if connecting again had taken long
        assert not (await sent).duplicate
    assert await total(log, stream) == (1, 1)


async def test_a_chain_whose_acknowledgement_was_lost_is_whole(proxied):
    log, proxy = proxied
    stream = uuid4()
    proxy.lose_answer()
    told = await asyncio.gather(*(log.append(entry(log, added(stream, version))) for version in (1, 2, 3)))
    assert proxy.cuts == 1
    assert [written.position - told[0].position for written in told] == [0, 1, 2]
    assert await total(log, stream) == (3, 3)


async def test_another_command_with_the_same_version_is_not_taken_for_the_lost_one(proxied, database):
    log, proxy = proxied
    stream = uuid4()
    await write_from_elsewhere(database, added(stream, 1, 7))
    proxy.lose_answer()
    assert await outcome(log, entry(log, added(stream, 1, 9))) == "lost"
    assert (proxy.cuts, await total(log, stream)) == (1, (7, 1))


async def test_increments_over_a_connection_that_fails_again_and_again_all_count_once(proxied, database, monkeypatch):
    monkeypatch.setattr(appender, "PATIENCE", 20)  # a busy machine may take long to connect; refusing is promised elsewhere
    log, proxy = proxied
    stream, counted = uuid4(), itertools.count(1)
    faults = itertools.cycle([proxy.lose_answer, proxy.lose_request, lambda: None])

    async def increment():
        while True:
            state, position = await log.load(Counter, stream)
            wanted = entry(log, added(stream, state.version + 1))
            wanted.states = {stream: state.after(wanted.events[0].event)}  # as the unit of work does it: members of a chain
            wanted.unwritten = {stream: state} if state.version and not position else {}
            try:
                return await log.append(wanted)
            except Lost:
                await asyncio.sleep(0)

    async def increments():
        for _ in range(25):
            await increment()
            nth = next(counted)
            if nth % 10 == 0:
                next(faults)()
            if nth % 60 == 0:
                await end_sessions(database)

    await asyncio.gather(*(increments() for _ in range(8)))
    assert proxy.cuts >= 8
    assert await total(log, stream) == (200, 200)


async def test_nothing_is_concluded_from_an_event_that_was_lost_meanwhile(database, postgres_log):
    """A command that changes nothing looks whether what it was decided on was written: "done already" must be true."""
    stream = uuid4()
    await write_from_elsewhere(database, added(stream, 1, 7))
    async with await connect(database.app_url, name="watching") as watching, await connect(database.app_url, name="holder") as holder:
        await holder.execute("begin")
        await holder.execute(TAKE)
        stale = entry(postgres_log, added(stream, 1, 9))
        stale.states = {stream: Counter(id=stream, total=9, version=1)}
        losing = asyncio.create_task(postgres_log.append(stale))
        await eventually(lambda: locks_waited_for(watching), what="the stale command to wait for the lock")
        phantom, position = await postgres_log.load(Counter, stream)
        assert (phantom.total, position) == (9, 0)
    with pytest.raises(Lost):
        await losing
    assert not await postgres_log.settled([stream], [phantom])
    real, _ = await postgres_log.load(Counter, stream)
    assert real.total == 7
    assert await postgres_log.settled([stream], [])


async def write_from_elsewhere(database, *events):
    """Events that another process wrote."""
    other = PostgresLog(database.app_url, readers=1)
    await other.start()
    await other.append(entry(other, *events))
    await other.stop()


async def test_only_the_culprit_of_a_batch_fails(postgres_log):
    streams = [uuid4() for _ in range(3)]
    entries = [entry(postgres_log, added(stream, 1)) for stream in streams]
    entries[1].secrets = (Secret("a kind with a NUL \0", streams[1], b""),)
    told = await asyncio.gather(*map(postgres_log.append, entries), return_exceptions=True)
    assert isinstance(told[1], psycopg.errors.DataError)
    assert [await total(postgres_log, stream) for stream in streams] == [(1, 1), (0, 0), (1, 1)]


async def test_the_appender_goes_on_after_an_error_nobody_expected(database, postgres_log):
    stream, append = uuid4(), "function daybook.append"
    with psycopg.connect(database.super_url, autocommit=True) as boss:
        boss.execute(f"revoke execute on {append} from daybook_app")
        try:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await postgres_log.append(entry(postgres_log, added(stream, 1)))
        finally:
            boss.execute(f"grant execute on {append} to daybook_app")
    await postgres_log.append(entry(postgres_log, added(stream, 1)))
    assert await total(postgres_log, stream) == (1, 1)


async def test_a_server_that_became_read_only_is_refused_with_503_and_tried_again_later(database, postgres_log, monkeypatch):
    monkeypatch.setattr(appender, "PATIENCE", 0.3)
    with psycopg.connect(database.super_url, autocommit=True) as boss:
        boss.execute(f"alter database {database.name} set default_transaction_read_only = on")
        await end_sessions(database)
        try:
            with pytest.raises(Overloaded):
                await postgres_log.append(entry(postgres_log, added(uuid4(), 1)))
        finally:
            boss.execute("set default_transaction_read_only = off")
            boss.execute(f"alter database {database.name} reset default_transaction_read_only")
        await end_sessions(database)

    async def writes():
        try:
            return await postgres_log.append(entry(postgres_log, added(uuid4(), 1)))
        except Overloaded:
            return None

    assert await eventually(writes, what="an append on the server that may write again")


async def end_sessions(database):
    """End the appenders of this database: they take up its new settings when they come back."""
    async with await psycopg.AsyncConnection.connect(database.super_url, autocommit=True) as connection:
        await connection.execute(END_SESSIONS, (database.name,))
