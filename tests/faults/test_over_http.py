"""What clients are promised by several API processes: to see what they wrote, and that each request has its effect once."""

import asyncio
import itertools
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from infra.app import ensure_admin
from tests.eventually import eventually
from tests.faults.daybook import ended
from tests.faults.people import LOST, misses, people

READS = ["/tasks", "/tasks/stats", "/admin/tasks", "/users", "/nodes", "/tasks/{task}", "/tasks/{task}/history"]


@pytest.fixture(scope="module")
def apis(daybook):
    ensure_admin(daybook.settings)
    daybook.all("serve", "serve", "relay", "consumers", "clock")
    return daybook.of("serve")


@pytest.fixture
async def crowd(daybook, apis):
    assert apis
    async with people(daybook.settings) as made:
        yield made


@pytest.fixture
async def admin(apis, crowd):
    return await crowd.admin(apis[0])


async def created(user, api, **more) -> dict:
    answer = await user.post(api, "/tasks", {"title": "A task", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_whoever_writes_through_one_process_reads_it_through_another_at_once(apis, crowd):
    users = [await crowd.register(apis[0]) for _ in range(6)]
    assert await misses(*apis, users, 25) == 0


async def test_a_build_that_does_not_wait_is_seen_to_miss(daybook, apis, crowd):
    hasty = daybook.start("serve", "tests.faults.broken:serve_that_does_not_wait").ready()
    users = [await crowd.register(apis[0]) for _ in range(4)]
    assert await misses(hasty, hasty, users, 5) > 0
    hasty.end()


@pytest.mark.parametrize("path", READS)
async def test_a_position_that_was_told_is_shown_and_one_that_never_was_is_refused(apis, admin, path):
    task = await created(admin, apis[0])
    path = path.format(task=task["id"])
    seen = await admin.get(apis[1], path, min_position=task["position"])
    assert seen.status_code == 200
    assert int(seen.headers["Daybook-Position"]) >= task["position"]
    unknown = await admin.get(apis[1], path, min_position=task["position"] + 1_000_000)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "position_unknown")


async def test_while_no_consumer_works_reads_say_so_or_are_stale_on_request(daybook, apis, admin):
    before = await created(admin, apis[0])
    for path in ("/tasks", "/tasks/stats"):  # both read models have it before the consumers stop
        assert (await admin.get(apis[0], path)).status_code == 200
    (consumers,) = daybook.of("consumers")
    consumers.tell(signal.SIGSTOP)
    task = await created(admin, apis[0])
    reads = ["/tasks", "/tasks/stats", f"/tasks/{task['id']}", f"/tasks/{task['id']}/history"]
    told = await asyncio.gather(*(admin.get(apis[1], path) for path in reads))
    stale = await asyncio.gather(*(admin.get(apis[1], path, allow_stale=True) for path in reads[:2]))
    consumers.tell(signal.SIGCONT)
    for answer in told:
        assert (answer.status_code, answer.json()["code"]) == (503, "projection_behind")
        assert int(answer.headers["Retry-After"]) >= 1
    for answer in stale:
        assert (answer.status_code, answer.headers["Daybook-Stale"]) == (200, "true")
        assert before["position"] <= int(answer.headers["Daybook-Position"]) < task["position"]
    assert stale[0].json()["items"][0]["id"] == before["id"]
    again = await admin.get(apis[1], f"/tasks/{task['id']}")
    assert again.status_code == 200


async def test_fifty_requests_with_one_key_have_one_effect_and_one_answer(apis, crowd):
    user = await crowd.register(apis[0])
    body = {"title": "Once"}
    answers = await asyncio.gather(*(user.post(apis[nth % 2], "/tasks", body, key="one key") for nth in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {"true": 49, None: 1}
    assert (await user.get(apis[0], "/tasks/stats")).json()["total"] == 1


async def test_a_process_killed_between_commit_and_answer_has_done_it_once(daybook, apis, crowd):
    user = await crowd.register(apis[0])
    dying = daybook.start("serve", "tests.faults.faulty:serve_dying_before_the_answer").ready()
    with pytest.raises(LOST):
        await user.post(dying, "/tasks", {"title": "fatal"}, key="again")
    await eventually(ended(dying))
    again = await user.post(apis[1], "/tasks", {"title": "fatal"}, key="again")
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, "true")
    listed = (await user.get(apis[0], "/tasks")).json()["items"]
    assert [item["id"] for item in listed] == [again.json()["id"]]


async def test_a_process_told_to_end_under_load_loses_nothing_it_accepted(daybook, apis, crowd):
    user = await crowd.register(apis[0])
    leaving = daybook.start("serve").ready()
    accepted: dict[str, str] = {}
    unknown: list[str] = []

    async def worker(name: int) -> None:
        for nth in itertools.count():
            key = f"{name}/{nth}"
            try:
                answer = await user.post(leaving, "/tasks", {"title": key}, key=key)
            except LOST:
                unknown.append(key)
                return
            assert answer.status_code in (201, 503), answer.text
            if answer.status_code == 503:
                unknown.append(key)
                return
            accepted[key] = answer.json()["id"]

    workers = [asyncio.create_task(worker(nth)) for nth in range(12)]

    async def busy() -> bool:
        return len(accepted) > 100

    await eventually(busy)
    leaving.tell(signal.SIGTERM)
    await asyncio.gather(*workers)
    await eventually(ended(leaving))
    assert leaving.code == 0
    for key in unknown:
        answer = await user.post(apis[0], "/tasks", {"title": key}, key=key)
        accepted[key] = answer.json()["id"]
    made = await everything_of(user, apis[0])
    assert made == Counter(dict.fromkeys(accepted, 1))


async def test_while_the_servers_come_and_go_answers_are_normal_or_503(servers, apis, crowd):
    user = await crowd.register(apis[0])
    told: Counter[int] = Counter()
    going = True

    async def worker(nth: int) -> None:
        while going:
            for method, path in (("POST", "/tasks"), ("GET", "/tasks"), ("GET", "/tasks/stats"), ("GET", "/users/me")):
                answer = await user.ask(apis[nth % 2], method, path, json={"title": "A task"} if method == "POST" else None)
                told[answer.status_code] += 1
                assert answer.status_code in (200, 201, 503), answer.text
                assert answer.status_code != 503 or answer.headers["Retry-After"]

    def more_than(count: int, status: int) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            return told[status] > count

        return look

    workers = [asyncio.create_task(worker(nth)) for nth in range(6)]
    for server in (servers.postgres, servers.valkey):
        await asyncio.to_thread(server.stop)
        await eventually(more_than(told[503], 503), 15, "somebody is told")
        server.begin()
        server.finish()
        await eventually(more_than(told[201] + 20, 201), 15, "it goes on")
    going = False
    await asyncio.gather(*workers)


async def everything_of(user, api) -> Counter:
    made: Counter[str] = Counter()
    cursor: dict[str, str] = {}
    while True:
        page = (await user.get(api, "/tasks", limit=200, **cursor)).json()
        made.update(item["title"] for item in page["items"])
        if page["next_cursor"] is None:
            return made
        cursor = {"cursor": page["next_cursor"]}
