"""What every log promises, whether in memory or on PostgreSQL."""

import asyncio
from uuid import uuid4

import pytest

from application.shared.ports import Lost, Secret
from infra.serialization.mapper import UnwritableText
from tests.infra.log.toys import Counter, MailTaken, NameTaken, added, entry, name, new_key, outcome, sent_until_known, total


async def test_what_was_written_is_loaded_with_version_and_position(log):
    stream = uuid4()
    written = await log.append(entry(log, added(stream, 1, 5), added(stream, 2, 7)))
    state, position = await log.load(Counter, stream)
    assert (state.id, state.total, state.version, position) == (stream, 12, 2, written.position)


async def test_a_stream_that_has_not_begun_is_version_0_at_position_0(log):
    assert await log.load(Counter, (stream := uuid4())) == (Counter(id=stream), 0)


async def test_positions_follow_each_other_without_a_gap(log):
    first = await log.append(entry(log, added(uuid4(), 1), added(uuid4(), 1)))
    second = await log.append(entry(log, added(uuid4(), 1)))
    assert second.position == first.position + 1


async def test_a_stale_version_is_lost_and_writes_nothing(log):
    stream, other = uuid4(), uuid4()
    await log.append(entry(log, added(stream, 1)))
    with pytest.raises(Lost):
        await log.append(entry(log, added(other, 1), added(stream, 1)))
    assert await total(log, stream) == (1, 1)
    assert await total(log, other) == (0, 0)


@pytest.mark.parametrize("versions", [(2,), (1, 3), (1, 1), (2, 1), (0, 1)])
async def test_versions_begin_at_1_and_leave_no_gap(log, versions):
    stream = uuid4()
    with pytest.raises(Lost):
        await log.append(entry(log, *(added(stream, version) for version in versions)))
    assert await total(log, stream) == (0, 0)


async def test_of_two_commands_for_one_version_one_is_written(log):
    stream = uuid4()
    told = await asyncio.gather(*(outcome(log, entry(log, added(stream, 1, 1 + nth))) for nth in range(2)))
    assert sorted(told) == ["lost", "ok"]
    assert (await total(log, stream))[1] == 1


async def test_a_chain_of_five_on_one_stream_is_written_together(log):
    stream = uuid4()
    told = await asyncio.gather(*(log.append(entry(log, added(stream, version))) for version in range(1, 6)))
    assert [written.position - told[0].position for written in told] == [0, 1, 2, 3, 4]
    assert await total(log, stream) == (5, 5)


async def test_a_retry_is_told_what_the_first_try_was_told(log):
    stream, key = uuid4(), new_key()
    first = await log.append(entry(log, added(stream, 1), key=key, answer=b"sealed", status=201))
    again = await log.append(entry(log, added(stream, 1), key=key, answer=b"another", status=500))
    assert (again.duplicate, again.position, again.fingerprint, again.status, again.answer) == (
        True, first.position, key.fingerprint, 201, b"sealed",
    )  # fmt: skip
    assert not first.duplicate
    assert await total(log, stream) == (1, 1)


async def test_a_key_is_judged_before_versions_and_clock(log):
    stream, key = uuid4(), new_key()
    await log.append(entry(log, added(stream, 1), key=key))
    assert (await log.append(entry(log, added(stream, 9), key=key, late=60))).duplicate


async def test_a_retry_of_a_finished_command_does_not_make_its_neighbour_fail(log):
    stream, key = uuid4(), new_key()
    await log.append(entry(log, added(stream, 1), key=key))
    told = await asyncio.gather(outcome(log, entry(log, added(stream, 1), key=key)), outcome(log, entry(log, added(stream, 2))))
    assert told == ["duplicate", "ok"]


async def test_one_key_twice_at_the_same_moment_is_applied_once(log):
    stream, key = uuid4(), new_key()
    wanted = [entry(log, added(stream, 1), key=key, answer=b"%d" % nth) for nth in range(2)]
    first, second = await asyncio.gather(*(sent_until_known(log, one) for one in wanted))
    assert sorted([first.duplicate, second.duplicate]) == [False, True]
    assert (second if second.duplicate else first).answer in {b"0", b"1"}
    assert await total(log, stream) == (1, 1)


async def test_a_command_without_events_keeps_its_answer(log):
    before = await log.append(entry(log, added(uuid4(), 1)))
    key = new_key()
    first = await log.append(entry(log, key=key, answer=b"nothing to do", status=409))
    again = await log.append(entry(log, key=key))
    assert first.position == before.position
    assert (again.duplicate, again.status, again.answer, again.position) == (True, 409, b"nothing to do", before.position)


async def test_a_key_that_lost_was_not_used(log):
    stream, key = uuid4(), new_key()
    with pytest.raises(Lost):
        await log.append(entry(log, added(stream, 2), key=key))
    assert await log.answered(key.id, lasting=False) is None
    assert not (await log.append(entry(log, added(stream, 1), key=key))).duplicate


async def test_answered_knows_used_keys_and_keeps_both_kinds_apart(log):
    brief, lasting = new_key(), new_key(lasting=True)
    first = await log.append(entry(log, added(uuid4(), 1), key=brief, answer=b"told", status=200))
    second = await log.append(entry(log, added(uuid4(), 1), key=lasting))
    known = await log.answered(brief.id, lasting=False)
    assert (known.position, known.duplicate, known.fingerprint, known.status, known.answer) == (
        first.position,
        True,
        brief.fingerprint,
        200,
        b"told",
    )
    assert (await log.answered(lasting.id, lasting=True)).position == second.position
    assert await log.answered(brief.id, lasting=True) is None
    assert await log.answered(lasting.id, lasting=False) is None


async def test_a_derived_id_is_known_for_ever(log):
    stream, key = uuid4(), new_key(lasting=True)
    first = await log.append(entry(log, added(stream, 1), key=key))
    again = await log.append(entry(log, added(stream, 2), key=key))
    assert (again.duplicate, again.position, again.answer) == (True, first.position, None)
    assert await total(log, stream) == (1, 1)


async def test_a_command_decided_over_2_seconds_ago_is_decided_again(log):
    assert await outcome(log, entry(log, added(uuid4(), 1), late=3)) == "lost"
    assert await outcome(log, entry(log, added(uuid4(), 1), late=-3)) == "lost"
    assert await outcome(log, entry(log, added(uuid4(), 1), late=1)) == "ok"


async def test_a_name_has_one_holder(log):
    mine, theirs, word = uuid4(), uuid4(), uuid4().hex
    assert await outcome(log, entry(log, added(mine, 1), claims=(name(word, mine),))) == "ok"
    assert await outcome(log, entry(log, added(theirs, 1), claims=(name(word, theirs),))) == "NameTaken"
    assert await log.holder("toy", word.encode()) == mine
    assert await log.holder("other", word.encode()) is None
    assert await total(log, theirs) == (0, 0)


async def test_the_refusal_names_the_name_that_is_taken(log):
    mine, theirs, word = uuid4(), uuid4(), uuid4().hex
    await log.append(entry(log, added(mine, 1), claims=(name(word, mine),)))
    claims = (name(uuid4().hex, theirs, NameTaken), name(word, theirs, MailTaken))
    assert await outcome(log, entry(log, added(theirs, 1), claims=claims)) == "MailTaken"


async def test_a_name_claimed_twice_at_once_goes_to_one(log):
    word, streams = uuid4().hex, [uuid4() for _ in range(5)]
    told = await asyncio.gather(*(outcome(log, entry(log, added(stream, 1), claims=(name(word, stream),))) for stream in streams))
    assert "ok" in told
    assert set(told) <= {"ok", "lost", "NameTaken"}
    assert told.count("ok") == 1
    assert await log.holder("toy", word.encode()) == streams[told.index("ok")]


async def test_a_name_given_back_is_free_and_its_holder_may_claim_it_again(log):
    mine, theirs, word = uuid4(), uuid4(), uuid4().hex
    assert await outcome(log, entry(log, added(mine, 1), claims=(name(word, mine),))) == "ok"
    assert await outcome(log, entry(log, added(mine, 2), claims=(name(word, mine),))) == "ok"
    assert await outcome(log, entry(log, added(mine, 3), claims=(name(word, None),))) == "ok"
    assert await log.holder("toy", word.encode()) is None
    assert await outcome(log, entry(log, added(theirs, 1), claims=(name(word, theirs),))) == "ok"


async def test_of_several_words_on_one_name_in_one_command_the_last_counts(log):
    mine, word = uuid4(), uuid4().hex
    await log.append(entry(log, added(mine, 1), claims=(name(word, mine),)))
    assert await outcome(log, entry(log, added(mine, 2), claims=(name(word, None), name(word, mine)))) == "ok"
    assert await log.holder("toy", word.encode()) == mine
    assert await outcome(log, entry(log, added(mine, 3), claims=(name(word, mine), name(word, None)))) == "ok"
    assert await log.holder("toy", word.encode()) is None


async def test_a_secret_is_kept_replaced_and_dropped_with_its_command(log):
    stream = uuid4()
    for version, sealed in enumerate([b"one", b"two", None], 1):
        await log.append(entry(log, added(stream, version), secrets=(Secret("toy", stream, sealed),)))
        assert await log.secret("toy", stream) == sealed
    assert await log.secret("toy", uuid4()) is None


async def test_of_several_words_on_one_secret_in_one_command_the_last_counts(log):
    for words in ([b"one", b"two"], [None, b"three"], [b"four", None]):
        await log.append(entry(log, secrets=tuple(Secret("toy", stream, sealed) for stream in [uuid4()] for sealed in words)))
    stream = uuid4()
    for words in ([b"one", b"two"], [None, b"three"], [b"four", None], [b"six", b"five"]):
        await log.append(entry(log, secrets=tuple(Secret("toy", stream, sealed) for sealed in words)))
        assert await log.secret("toy", stream) == words[-1]


async def test_a_command_that_fails_changes_neither_names_nor_secrets(log):
    stream, word = uuid4(), uuid4().hex
    await log.append(entry(log, added(stream, 1), secrets=(Secret("toy", stream, b"kept"),)))
    failing = entry(log, added(stream, 1), claims=(name(word, stream),), secrets=(Secret("toy", stream, b"lost"),), key=(key := new_key()))
    assert await outcome(log, failing) == "lost"
    assert await log.secret("toy", stream) == b"kept"
    assert await log.holder("toy", word.encode()) is None
    assert await log.answered(key.id, lasting=False) is None


async def test_a_taken_name_keeps_the_whole_command_out(log):
    mine, theirs, word, free = uuid4(), uuid4(), uuid4().hex, uuid4().hex
    await log.append(entry(log, claims=(name(word, mine),)))
    claims = (name(free, theirs), name(word, theirs))
    assert await outcome(log, entry(log, added(theirs, 1), claims=claims, secrets=(Secret("toy", theirs, b"no"),))) == "NameTaken"
    assert await log.holder("toy", free.encode()) is None
    assert await log.secret("toy", theirs) is None
    assert await total(log, theirs) == (0, 0)


@pytest.mark.parametrize("note", ["a\0b", "\ud800", "x" * 262_144], ids=["NUL", "lone surrogate", "over 256 KiB"])
async def test_what_cannot_be_recorded_is_refused_before_it_is_queued(log, note):
    stream = uuid4()
    with pytest.raises(UnwritableText):
        await log.append(entry(log, added(stream, 1, note=note)))
    assert await outcome(log, entry(log, added(stream, 1, note="\\u0000 spelt out, ünïcode 🐈"))) == "ok"


async def test_log_time_is_utc_and_recorded_times_do_not_go_back(log):
    before = log.now()
    assert before.utcoffset().total_seconds() == 0
    await log.append(entry(log, added(uuid4(), 1)))
    assert log.now() >= before


async def test_nothing_unwritten_is_settled(log):
    assert await log.settled([uuid4()])
