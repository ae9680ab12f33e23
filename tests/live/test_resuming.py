"""Coming again with the last position: nothing is missing, nothing is told twice, and it is told as it was to be told then."""

import asyncio
from operator import itemgetter
from uuid import UUID

from api.live import line
from api.live.following import follow
from api.live.switchboard import AT_ONCE
from domain.projects.events import ProjectMemberAdded, ProjectMemberRemoved
from domain.projects.role import MemberRole
from tests.live.clients import streams
from tests.live.happening import a_project, happens


async def burst(here, who, count: int, **fields) -> list[str]:
    made = await asyncio.gather(*(here.api.task(who, title=f"{nth}", **fields) for nth in range(count)))
    return [one["id"] for one in sorted(made, key=itemgetter("position"))]


async def test_a_client_that_comes_and_goes_during_a_burst_misses_nothing(here):
    ada = await here.api.account()
    async with here.listens(ada.headers, "tasks") as listener:
        position = (await listener.hears("live.subscribed"))["position"]
    bursts = asyncio.gather(*(burst(here, ada.headers, 50) for _ in range(8)))
    heard: list[dict] = []
    while len(heard) < 400:
        async with here.listens(ada.headers, "tasks", after=position) as listener:
            while len(listener.events) < min(37, 400 - len(heard)):
                await listener.next()
            heard += listener.events
            position = listener.position
            listener.socket.transport.abort()
    made = {one for some in await bursts for one in some}
    positions = [one["position"] for one in heard]
    assert {one["id"] for one in heard} == made
    assert positions == sorted(set(positions))


async def test_a_browser_that_comes_again_says_where_it_was(here):
    ada = await here.api.account()
    async with streams(here.http, ada.headers, "tasks") as (answer, events):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
        began = await anext(events)
        ids = await burst(here, ada.headers, 3)
        first = await anext(events)
        assert (first.name, first.data["id"], first.id) == ("task.created", ids[0], str(first.data["position"]))
        assert int(first.id) > int(began.id)
    async with streams(here.http, ada.headers, "tasks", headers={"Last-Event-ID": first.id}, after=began.id) as (_, events):
        told = [await anext(events) for _ in range(4)]
        assert [one.data["id"] for one in told if not one.name.startswith("live.")] == ids[1:]
        assert [one.name for one in told if one.name.startswith("live.")] == ["live.subscribed", "live.position"]


async def test_at_a_resume_an_event_concerns_whom_it_concerned_then(here):
    ada, bob = await here.api.account(), await here.api.account()
    before = await here.api.task(ada.headers)
    project = await a_project(here.api.system, ada.id)
    hidden = await here.api.task(ada.headers, project_id=str(project))
    join = ProjectMemberAdded(at=here.api.system.log.now(), project_id=project, user_id=UUID(bob.id), role=MemberRole.MEMBER)
    await happens(here.api.system, project, join)
    shown = await here.api.task(ada.headers, project_id=str(project))
    async with here.listens(bob.headers, f"project:{project}", "tasks", "projects", after=before["position"]) as listener:
        await listener.hears("live.position")
        assert [(one["type"], one["id"]) for one in listener.events] == [("project.member_added", str(project)), ("task.created", shown["id"])]
        assert hidden["id"] not in str(listener.told)
        leave = ProjectMemberRemoved(at=here.api.system.log.now(), project_id=project, user_id=UUID(bob.id))
        await happens(here.api.system, project, leave)
        assert (await listener.hears("live.ended"))["channels"] == [f"project:{project}"]
    async with here.listens(bob.headers, "tasks", "projects", after=before["position"]) as listener:
        await listener.hears("live.position")
        assert [one["type"] for one in listener.events] == ["project.member_added", "project.member_removed"]


async def test_a_channel_followed_later_is_told_from_the_position_its_client_says(here):
    ada = await here.api.account()
    ids = await burst(here, ada.headers, 5)
    start = (await here.api("GET", f"/api/v1/tasks/{ids[0]}", ada.headers)).headers["daybook-position"]
    async with here.listens(ada.headers, f"task:{ids[0]}") as listener:
        await listener.hears("live.subscribed")
        await listener.say(subscribe=["tasks"], after=int(start) - 1)
        await listener.hears("live.position")
        assert len({one["id"] for one in listener.events}) == len(listener.events) > 0
        assert {channel for one in listener.events for channel in one["channels"]} == {"tasks"}
        more = await burst(here, ada.headers, 1)
        await listener.hears("task.created", id=more[0])
        await here.api("PATCH", f"/api/v1/tasks/{ids[0]}", ada.headers, json={"title": "Other"})
        assert (await listener.hears("task.edited"))["channels"] == [f"task:{ids[0]}", "tasks"]


async def test_a_position_that_never_was_is_refused(here):
    ada = await here.api.account()
    async with here.listens(ada.headers, "tasks", after=10**12) as listener:
        assert (await listener.next())["code"] == "position_unknown"
        assert await listener.closed() == 1008
    assert await here.refusal(ada.headers, "tasks", after="-1") == 1008


async def test_a_log_that_lost_its_tail_sends_everybody_away(here, monkeypatch):
    ada = await here.api.account()
    async with here.listens(ada.headers, "tasks") as listener:
        await listener.hears("live.subscribed")

        async def lost(_) -> bool:
            return False

        monkeypatch.setattr("infra.broker.follower.CHECKED", 0.0)
        monkeypatch.setattr(here.api.parts.feed._reader, "belongs", lost)
        await here.api.task(ada.headers)
        assert await listener.closed() == 1012
    monkeypatch.undo()
    async with here.listens(ada.headers, "tasks", after=listener.position) as again:
        await again.hears("live.position")
        assert len(listener.events + again.events) == 1


async def test_who_does_not_read_is_closed_while_others_go_on_and_resumes(here):
    ada = await here.api.account()
    async with here.listens(ada.headers, "tasks", more={"max_queue": 1}) as slow:
        await slow.hears("live.subscribed")
        [line] = [one for one in here.board.lines if str(one.caller.id) == ada.id]
        async with here.listens(ada.headers, "tasks") as well:
            await well.hears("live.subscribed")
            made = await until_too_slow(here, ada.headers, line, well)
        assert await slow.closed() == 4013
        assert len(slow.events) < len(made)
        assert [one["id"] for one in well.events] == made
        async with here.listens(ada.headers, "tasks", after=slow.position) as again:
            await again.hears("live.position")
            assert [one["id"] for one in slow.events + again.events] == made


async def until_too_slow(here, who, line, well) -> list[str]:
    made: list[str] = []
    while not line.over.is_set() and len(made) < 4000:
        made += await burst(here, who, 100, description="x" * 1000, payload={"text": "x" * 1000})
        while len(well.events) < len(made):
            await well.next()
    return made


async def test_who_takes_slowly_what_it_missed_makes_nobody_wait(here, monkeypatch):
    monkeypatch.setattr(line, "MESSAGES", 20)
    ada = await here.api.account()
    await burst(here, ada.headers, 20)
    async with here.listens(ada.headers, "tasks") as listener:
        position = (await listener.hears("live.subscribed"))["position"]
        (real,) = [one for one in here.board.lines if str(one.caller.id) == ada.id]
        slow = [line.Line(real.caller, real.proof) for _ in range(AT_ONCE)]
        for one in slow:
            await here.board.join(one)
        told = [asyncio.create_task(follow(here.board, one, ["tasks"], 0)) for one in slow]
        await listener.say(subscribe=["projects"], after=position)
        await listener.hears("live.position")
        assert not any(one.done() for one in told)  # Nobody takes what is put into these.
        for one, task in zip(slow, told, strict=True):
            task.cancel()
            here.board.leave(one)
        await asyncio.gather(*told, return_exceptions=True)
