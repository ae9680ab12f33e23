"""Lists: nothing twice, nothing missing, however much is written meanwhile; and everything where everything is asked for."""

import asyncio
import re
from uuid import uuid4

import pytest

from api.shared.querying import streamed
from tests.http.daybook import misfits, problem

TASKS = "/api/v1/tasks"
MANY = 1203


async def many(api, who, count: int) -> list[str]:
    made = await asyncio.gather(*(api.task(who) for _ in range(count)))
    return [task["id"] for task in made]


async def pages(api, path, who, between=None):
    seen = []
    while path:
        answer = await api("GET", path, who)
        assert answer.status_code == 200, answer.text
        seen.append([one["id"] for one in answer.json()["items"]])
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert (link is not None) == (answer.json()["next_cursor"] is not None)
        path = link.group(1) if link else None
        if between:
            await between()
    return seen


async def test_the_link_leads_through_everything_once_newest_first_whatever_is_written_meanwhile(api):
    user = await api.account()
    before = await many(api, user.headers, 23)

    async def write() -> None:
        await api.task(user.headers)

    seen = await pages(api, f"{TASKS}?limit=5&status=pending", user.headers, write)
    flat = [one for page in seen for one in page]
    assert [len(page) for page in seen] == [5, 5, 5, 5, 3]
    assert len(set(flat)) == len(flat)
    assert set(flat) == set(before)
    assert flat == sorted(flat, reverse=True)


async def test_without_a_limit_a_user_gets_fifty_and_at_most_two_hundred(api):
    user = await api.account()
    await many(api, user.headers, 51)
    assert len((await api("GET", TASKS, user.headers)).json()["items"]) == 50
    for limit in (1, 200):
        assert len((await api("GET", f"{TASKS}?limit={limit}", user.headers)).json()["items"]) == min(limit, 51)
    for limit in (0, 201, -1):
        assert misfits(await api("GET", f"{TASKS}?limit={limit}", user.headers)) == [("limit", "out_of_range")]


async def test_without_a_limit_a_node_and_an_admin_get_everything(api):
    node, admin = await api.account("node"), await api.admin()
    made = []
    for _ in range(3):
        made += await asyncio.gather(*(api.task(admin, assigned_node_id=node.id) for _ in range(MANY // 3)))
    ids = [task["id"] for task in made]
    newest = max(task["position"] for task in made)
    listed = (await api("GET", f"{TASKS}?min_position={newest}", node.headers)).json()
    assert [one["id"] for one in listed["items"]] == sorted(ids, reverse=True)
    assert listed["next_cursor"] is None
    everything = (await api("GET", "/api/v1/admin/tasks", admin)).json()
    assert {one["id"] for one in everything["items"]} >= set(ids)
    assert len({one["id"] for one in everything["items"]}) == len(everything["items"])
    one_status = (await api("GET", f"/api/v1/admin/tasks?status=pending&node_id={node.id}", admin)).json()
    assert [one["id"] for one in one_status["items"]] == sorted(ids, reverse=True)
    for most in (1000, 1100, 999):  # at the edge of a part, in one, and below the first
        async with api.with_rules(list_unbounded_max=most) as http:
            cut = (await http.get(TASKS, headers=node.headers)).json()
            assert len(cut["items"]) == most
            rest = (await http.get(TASKS, params={"cursor": cut["next_cursor"]}, headers=node.headers)).json()
            assert [one["id"] for one in cut["items"] + rest["items"]] == sorted(ids, reverse=True)
            assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("parts", "most", "count", "cursor"), [([2, 2], 4, 4, None), ([2, 2], 2, 2, 2), ([2, 2], 3, 3, 3), ([2, 2], 1, 1, 1), ([], 5, 0, None)]
)
async def test_a_stream_that_is_cut_ends_with_a_cursor_never_silently(parts, most, count, cursor):
    async def rows():
        numbers = iter(range(1, 100))
        for size in parts:
            yield [next(numbers) for _ in range(size)]

    sent = b"".join([part async for part in streamed(rows(), str, most, 7).iterator])
    told = cursor if cursor is None else f'"{cursor}"'
    assert sent.decode() == f'{{"items":[{",".join(map(str, range(1, count + 1)))}],"next_cursor":{told or "null"}}}'


async def test_a_cursor_fits_only_its_list_and_only_as_it_was_written(api):
    user, admin = await api.account(), await api.admin()
    await many(api, user.headers, 3)
    cursor = (await api("GET", f"{TASKS}?limit=1", user.headers)).json()["next_cursor"]
    assert (await api("GET", f"{TASKS}?limit=1&cursor={cursor}", user.headers)).status_code == 200
    turned = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for bad in (turned, cursor[1:], cursor + "AAAA", "", "x", "AAAAAAAAAAAAAAAA", cursor[:12]):
        assert problem(await api("GET", f"{TASKS}?limit=1&cursor={bad}", user.headers)) == (400, "invalid_cursor"), bad
    for other in ("/api/v1/users", "/api/v1/nodes", "/api/v1/admin/tasks"):
        assert problem(await api("GET", f"{other}?cursor={cursor}", admin)) == (400, "invalid_cursor"), other


async def test_an_empty_list_is_200_and_empty(api):
    user = await api.account()
    answer = await api("GET", TASKS, user.headers)
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})


async def test_who_writes_reads_it_back_in_every_list_at_once(api):
    user, node, admin = await api.account(), await api.account("node"), await api.admin()
    for _ in range(15):
        task = await api.task(user.headers, external_id=uuid4().hex)
        listed = await api("GET", f"{TASKS}?external_id={task['external_id']}", user.headers)
        assert [one["id"] for one in listed.json()["items"]] == [task["id"]]
        assert int(listed.headers["daybook-position"]) >= task["position"]
        given = await api("POST", f"{TASKS}/{task['id']}/assign", admin, json={"node_id": node.id})
        told = await api("GET", f"{TASKS}?min_position={given.json()['position']}", node.headers)
        assert told.json()["items"][0]["id"] == task["id"]
        stats = await api("GET", f"{TASKS}/stats?node_id={node.id}", admin)
        assert stats.json()["pending"] == len(told.json()["items"])


async def test_a_position_of_another_log_is_409(api):
    for path in (TASKS, "/api/v1/users", "/api/v1/nodes", "/api/v1/tasks/stats"):
        answer = await api("GET", f"{path}?min_position=99999999", await api.admin())
        assert problem(answer) == (409, "position_unknown"), path


async def test_the_history_of_a_task_is_paged_newest_first(api):
    user = await api.account()
    task = await api.task(user.headers)
    for number in range(7):
        await api("PATCH", f"{TASKS}/{task['id']}", user.headers, json={"title": f"t{number}"})
    seen = await pages(api, f"{TASKS}/{task['id']}/history?limit=3", user.headers)
    flat = [one for page in seen for one in page]
    assert len(set(flat)) == len(flat) >= 8
    whole = (await api("GET", f"{TASKS}/{task['id']}/history", user.headers)).json()["items"]
    assert [one["id"] for one in whole] == flat
    assert [one["version"] for one in whole] == sorted((one["version"] for one in whole), reverse=True)
