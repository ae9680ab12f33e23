"""The function `append` itself, on both servers: many commands in one call, each judged by itself."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from application.shared.ports import Entry, Secret
from infra.postgres.batch import APPEND, arguments, encode, verdicts
from tests.infra.log.toys import added, entry, name, new_key

EVENTS = """select position, version, type, data::text, metadata::text, actor_id, recorded_at
            from event_log where stream_id = %s order by version"""


@pytest.fixture
async def append(appending):
    """Write a batch; a batch in which nothing follows from another is a list of outcomes."""

    async def call(*batch: Entry):
        cursor = await appending.execute(APPEND, arguments([encode(one) for one in batch]), binary=True)
        return verdicts(await cursor.fetchall(), len(batch))

    return call


def outcomes(told):
    return [verdict.outcome for verdict in told]


def command(*events, **more) -> Entry:
    return entry(datetime.now(UTC), *events, **more)


async def test_one_key_twice_in_a_batch_is_written_once(append):
    stream, key = uuid4(), new_key()
    told = await append(command(added(stream, 1), key=key), command(added(stream, 1), key=key), command(added(stream, 2)))
    assert outcomes(told) == ["ok", "repeat", "ok"]


async def test_one_derived_id_twice_in_a_batch_is_written_once(append):
    key = new_key(lasting=True)
    assert outcomes(await append(command(added(uuid4(), 1), key=key), command(added(uuid4(), 1), key=key))) == ["ok", "repeat"]
    assert outcomes(await append(command(added(uuid4(), 1), key=key))) == ["duplicate"]


@pytest.mark.parametrize("versions", [(1, 3), (1, 1), (2,), (0,)])
async def test_one_command_with_wrong_versions_conflicts_and_leaves_its_neighbours_alone(append, versions):
    stream = uuid4()
    told = await append(command(added(uuid4(), 1)), command(*(added(stream, version) for version in versions)), command(added(uuid4(), 1)))
    assert outcomes(told) == ["ok", "conflict", "ok"]
    assert told[2].position == told[0].position + 1


async def test_one_version_twice_in_a_batch_is_won_by_the_first(append):
    stream = uuid4()
    assert outcomes(await append(command(added(stream, 1)), command(added(stream, 1)))) == ["ok", "conflict"]


async def test_what_builds_on_a_stale_command_fails_with_it_and_nothing_else_does(append):
    one, two, other = uuid4(), uuid4(), uuid4()
    await append(command(added(one, 1)), command(added(two, 1)))
    stale = command(added(one, 1), added(two, 2))  # stream one is at version 1 already
    told = await append(stale, command(added(two, 3)), command(added(other, 1)))
    assert outcomes(told) == ["conflict", "conflict", "ok"]
    assert outcomes(await append(command(added(two, 2)))) == ["ok"]


async def test_failing_spreads_along_chains_through_several_streams(append):
    one, two, three = uuid4(), uuid4(), uuid4()
    told = await append(
        command(added(one, 5)), command(added(one, 6), added(two, 1)), command(added(two, 2), added(three, 1)), command(added(three, 2))
    )
    assert outcomes(told) == ["conflict"] * 4


async def test_a_chain_of_five_takes_five_positions_in_order(append):
    stream = uuid4()
    told = await append(*(command(added(stream, version)) for version in range(1, 6)))
    assert outcomes(told) == ["ok"] * 5
    assert [verdict.position - told[0].position for verdict in told] == [0, 1, 2, 3, 4]


async def test_what_builds_on_a_command_whose_name_is_taken_fails_with_it(append):
    stream, word = uuid4(), uuid4().hex
    await append(command(claims=(name(word, uuid4()),)))
    told = await append(command(added(stream, 1), claims=(name(word, stream),)), command(added(stream, 2)))
    assert outcomes(told) == ["taken", "conflict"]
    assert told[0].fingerprint == word.encode()


async def test_a_name_claimed_twice_in_a_batch_goes_to_the_first_and_the_second_decides_again(append):
    word = uuid4().hex
    assert outcomes(await append(command(claims=(name(word, uuid4()),)), command(claims=(name(word, uuid4()),)))) == ["ok", "conflict"]
    assert outcomes(await append(command(claims=(name(word, uuid4()),)))) == ["taken"]


async def test_a_finished_command_told_again_leaves_room_for_the_next_on_its_stream(append):
    stream, key = uuid4(), new_key()
    first = await append(command(added(stream, 1), key=key, answer=b"sealed", status=201))
    told = await append(command(added(stream, 1), key=key), command(added(stream, 2)))
    assert outcomes(told) == ["duplicate", "ok"]
    assert (told[0].position, told[0].fingerprint, told[0].status, told[0].answer) == (first[0].position, key.fingerprint, 201, b"sealed")


async def test_a_clock_over_two_seconds_off_is_told_and_the_database_time_comes_back(append, appending):
    told = await append(command(added(uuid4(), 1), late=2.5), command(added(uuid4(), 1), late=-2.5), command(added(uuid4(), 1)))
    assert outcomes(told) == ["skewed", "skewed", "ok"]
    cursor = await appending.execute(APPEND, arguments([encode(command(late=99))]), binary=True)
    (row,) = await cursor.fetchall()
    assert abs(row[6] - datetime.now(UTC)) < timedelta(seconds=2)


async def test_only_the_winner_of_a_batch_changes_the_vault(append, appending):
    stream = uuid4()
    won = command(added(stream, 1), secrets=(Secret("toy", stream, b"won"),))
    await append(won, command(added(stream, 1), secrets=(Secret("toy", stream, b"lost"),)))
    row = await (await appending.execute("select sealed from vault where id = %s", (stream,))).fetchone()
    assert row == (b"won",)


async def test_position_time_actor_and_metadata_stand_beside_the_event(append, appending):
    stream, actor = uuid4(), uuid4()
    wanted = command(added(stream, 1, 3), added(stream, 2, note="twice"), actor=actor)
    (told,) = await append(wanted)
    rows = await (await appending.execute(EVENTS, (stream,))).fetchall()
    assert [row[:4] for row in rows] == [
        (told.position - 1, 1, "log_toy.added", '{"amount":3}'),
        (told.position, 2, "log_toy.added", '{"note":"twice"}'),
    ]
    assert {row[4] for row in rows} == {f'{{"command_id":"{wanted.context.command_id}"}}'}
    assert {row[5] for row in rows} == {actor}
    assert rows[0][6] == rows[1][6]


async def test_the_positions_of_the_whole_log_have_no_gap_and_its_times_never_go_back(append, appending):
    await append(command(added(uuid4(), 1)), command(added(uuid4(), 2)), command(added(uuid4(), 1)))
    count, highest = await (await appending.execute("select count(*), max(position) from events")).fetchone()
    assert count == highest
    back = "select count(*) from (select recorded_at < lag(recorded_at) over (order by position) as back from events) as step where back"
    assert await (await appending.execute(back)).fetchone() == (0,)


async def test_a_clock_that_was_put_back_does_not_put_recorded_time_back(append, appending, database):
    with psycopg.connect(database.super_url) as ahead:  # an event of "the future", written before the clock was put back
        ahead.execute(
            """insert into daybook.events select max(position) + 1, gen_random_uuid(), 1, 'log_toy.added', '{}', '{}', null,
               clock_timestamp() + interval '1 second' from daybook.events"""
        )
    (told,) = await append(command(added(uuid4(), 1)))
    rows = await (await appending.execute("select recorded_at from events where position >= %s order by position", (told.position - 1,))).fetchall()
    assert rows[0] == rows[1]


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_an_isolation_level_that_does_not_see_what_was_just_committed_is_refused(append, appending, level):
    await appending.execute(f"set default_transaction_isolation = '{level}'")
    with pytest.raises(psycopg.errors.RaiseException, match="read committed"):
        await append(command(added(uuid4(), 1)))


async def test_a_key_is_forgotten_after_24_hours_and_a_derived_id_never(append, database):
    brief, older, lasting = new_key(), new_key(), new_key(lasting=True)
    await append(*(command(added(uuid4(), 1), key=key) for key in (brief, older, lasting)))
    age(database, brief, hours=23.9)
    age(database, older, hours=24.1)
    assert outcomes(await append(*(command(added(uuid4(), 1), key=key) for key in (brief, older, lasting)))) == [
        "duplicate",
        "ok",
        "duplicate",
    ]


async def test_the_ring_forgets_only_the_slot_that_comes_next(append, appending, database):
    now, gone, kept = new_key(), new_key(), new_key()
    await append(*(command(added(uuid4(), 1), key=key) for key in (now, gone, kept)))
    this = int(datetime.now(UTC).timestamp()) // 21600
    age(database, gone, hours=30, slot=(this + 1) % 6)
    age(database, kept, hours=23, slot=(this + 2) % 6)
    assert await (await appending.execute("select forget_http_keys()")).fetchone() == (True,)
    assert await (await appending.execute("select forget_http_keys()")).fetchone() == (False,)
    keys = [key.id for key in (now, gone, kept)]
    left = await (await appending.execute("select key from http_keys where key = any(%s)", (keys,))).fetchall()
    assert {row[0] for row in left} == {now.id, kept.id}


def age(database, key, *, hours, slot=None):
    """Make a stored key older than it is."""
    with psycopg.connect(database.super_url) as connection:
        connection.execute(
            "update daybook.http_keys set recorded_at = recorded_at - %s * interval '1 hour', slot = coalesce(%s, slot) where key = %s",
            (hours, slot, key.id),
        )
