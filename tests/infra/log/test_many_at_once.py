"""What every log promises of reading many streams and names together, whether in memory or on PostgreSQL."""

import asyncio
from uuid import uuid4

from tests.infra.log.toys import Counter, added, entry, name


async def test_many_streams_are_loaded_together_in_the_order_asked_whether_they_have_begun_or_not(log):
    streams = [uuid4() for _ in range(4)]
    written = [await log.append(entry(log, *(added(stream, version + 1, 5) for version in range(nth)))) for nth, stream in enumerate(streams[1:], 1)]
    asked = [streams[nth] for nth in (3, 0, 2, 1)]
    loaded = await log.load_many(Counter, asked)
    assert [state.id for state, _ in loaded] == asked
    assert [(state.total, state.version) for state, _ in loaded] == [(15, 3), (0, 0), (10, 2), (5, 1)]
    assert [position for _, position in loaded] == [written[2].position, 0, written[1].position, written[0].position]
    assert await log.load_many(Counter, []) == []


async def test_what_is_loaded_together_includes_what_is_about_to_be_written(log):
    streams = [uuid4() for _ in range(3)]
    await log.append(entry(log, *(added(stream, 1) for stream in streams)))
    change = entry(log, added(streams[1], 2))
    change.states = {streams[1]: Counter(id=streams[1], version=2, total=2)}
    writing = asyncio.ensure_future(log.append(change))
    await asyncio.sleep(0)
    assert [state.version for state, _ in await log.load_many(Counter, streams)] == [1, 2, 1]
    await writing


async def test_holders_of_several_names_are_known_together_and_nobody_of_the_rest(log):
    owners, names = [uuid4(), uuid4()], [uuid4().hex for _ in range(3)]
    for owner, one in zip(owners, names, strict=False):
        await log.append(entry(log, added(owner, 1), claims=(name(one, owner),)))
    hmacs = [name(one, owners[0]).hmac for one in names]
    kind = name(names[0], owners[0]).kind
    assert await log.holders(kind, hmacs) == dict(zip(hmacs, owners, strict=False))
    assert await log.holders(kind, []) == {}
    assert await log.holders("another kind", hmacs) == {}
