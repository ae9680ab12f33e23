"""The log itself, as auditors read it: what everybody did to everything."""

from uuid import UUID, uuid4

import pytest

from infra.postgres import event_log
from projections.shared.facts import facts
from tests.http.daybook import Account, Api, misfits
from tests.scenario import NOON


@pytest.fixture(scope="module")
async def auditor(api: Api) -> Account:
    return await api.account("auditor")


async def look(api: Api, auditor: Account, **sought) -> dict:
    answer = await api("GET", "/api/v1/admin/events", auditor.headers, params=sought)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def whole(api: Api, auditor: Account, **sought) -> list[dict]:
    items, more = [], await look(api, auditor, **sought)
    while True:
        items += more["items"]
        if more["next_cursor"] is None:
            return items
        more = await look(api, auditor, **sought, cursor=more["next_cursor"])


async def test_what_an_administrator_did_to_tasks_is_listed_by_actor(api, auditor):
    boss, node = await api.account("admin"), await api.account("node")
    task = await api.task(boss.headers, title="Paint the fence")
    assert (await api("POST", f"/api/v1/tasks/{task['id']}/assign", boss.headers, json={"node_id": node.id})).status_code == 200
    deeds = [one for one in await whole(api, auditor, actor=boss.id) if one["type"].startswith("task.")]
    assert [(one["type"], one["stream_id"], one["version"], one["actor_id"]) for one in deeds] == [
        ("task.created", task["id"], 1, boss.id),
        ("task.assigned", task["id"], 2, boss.id),
    ]
    assert deeds[0]["data"]["title"] == "Paint the fence"


async def test_a_stream_is_listed_from_its_beginning_and_personal_fields_are_sealed(api, auditor):
    ann = await api.account()
    history = await whole(api, auditor, stream_id=ann.id)
    assert [one["type"] for one in history[:2]] == ["user.registered", "user.role_granted"]
    assert history[0]["data"] == {"user_id": ann.id, "email": "sealed", "name": "sealed"}
    assert [one["version"] for one in history] == list(range(1, len(history) + 1))
    assert await whole(api, auditor, stream_id=str(uuid4())) == []


async def test_a_type_is_found_wherever_it_is_though_each_answer_looks_at_a_part_only(api, auditor, monkeypatch):
    ann = await api.account()
    for _ in range(5):
        await api.task(ann.headers)
    monkeypatch.setattr(event_log, "LOOKED_AT", 3)
    first = await look(api, auditor, type="task.created")
    assert first["next_cursor"] is not None
    created = await whole(api, auditor, type="task.created")
    every = await whole(api, auditor)
    assert created == [one for one in every if one["type"] == "task.created"]
    assert len(created) >= 5
    assert await whole(api, auditor, type="task.created", actor=ann.id, limit=2) == [one for one in created if one["actor_id"] == ann.id]


@pytest.mark.parametrize(("name", "data"), [("of.newer_code", b'{"a":1}'), ("task.created", b'{"at":"never"}')])
async def test_what_this_code_cannot_read_is_named_without_its_fields(name, data):
    async def reads(*_):
        return [(1, 7, 7, 7, UUID(int=1), 1, name, data, b'{"command_id":"01a1f8bf-8ca0-718f-8851-6ffd7c49c478"}', None, NOON)]

    found = await event_log.PostgresEventLog(reads).look(actor=None, stream_id=None, name=None, after=0, limit=50)
    (one,) = found.events
    assert (one.name, facts(one.event)) == (name, {})


async def test_after_a_position_come_only_later_events(api, auditor):
    every = await whole(api, auditor, limit=50)
    assert [one["position"] for one in every] == list(range(1, len(every) + 1))
    assert (await whole(api, auditor, after=every[-3]["position"]))[:2] == every[-2:]
    refused = await api("GET", "/api/v1/admin/events?after=-1", auditor.headers)
    assert misfits(refused) == [("after", "out_of_range")]
