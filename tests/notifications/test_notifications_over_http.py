"""Notifications as clients see them, over real servers: told by others' deeds, read, counted, deleted, preferred, mailed, forgotten."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.shared.health import Health
from infra.cancellation import ended
from infra.processes.clock import clock
from infra.projection.rebuild import rebuild
from infra.projection.verify import verify
from projections.notifications.notifications import NOTIFICATIONS
from tests.eventually import eventually
from tests.http.daybook import Account, Api, daybook, misfits, problem
from tests.notifications.post_office import PostOffice, open_office
from tests.servers import Database, Servers

WHERE = "/api/v1/notifications"


@pytest.fixture(scope="module")
async def office() -> AsyncIterator[PostOffice]:
    async with open_office(PostOffice()) as opened:
        yield opened


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers, office: PostOffice) -> AsyncIterator[Api]:
    settings: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none"}
    async with daybook(module_database, servers.empty_redis(), sweep_interval=0.1, public_url="https://daybook.example", **settings) as running:
        ticking = asyncio.create_task(clock(running.system.settings, Health("clock")))
        yield running
        await ended(ticking)


@pytest.fixture
async def bob(api: Api) -> Account:
    return await api.account()


async def told(api: Api, who: Account, count: int, query: str = "") -> list[dict[str, Any]]:
    """What somebody is shown, once it is so many."""
    shown: list[dict[str, Any]] = []

    async def there() -> bool:
        shown[:] = (await api("GET", f"{WHERE}{query}", who.headers)).json()["items"]
        return len(shown) == count

    await eventually(there)
    return shown


async def unread(api: Api, who: Account) -> int:
    answer = await api("GET", f"{WHERE}/unread-count", who.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["unread_count"]


async def assign(api: Api, who: Account, times: int = 1) -> list[str]:
    """Tasks of an administrator, given to somebody."""
    return [(await api.task(await api.admin(), assignee_ids=[who.id]))["id"] for _ in range(times)]


async def test_who_is_given_a_task_sees_it_at_once_counted_and_mailed(api, bob, office):
    (task_id,) = await assign(api, bob)
    (one,) = await told(api, bob, 1)
    assert (one["kind"], one["priority"], one["task_id"], one["read"], one["title"]) == ("task_assigned", "high", task_id, False, "Sweep the yard")
    assert await unread(api, bob) == 1
    assert (await api("GET", f"{WHERE}/unread-count", bob.headers)).json()["by_kind"] == {"task_assigned": 1}
    email = (await api("GET", "/api/v1/auth/me", bob.headers)).json()["email"]

    async def mailed() -> bool:
        shown = await api("GET", f"{WHERE}/{one['id']}", bob.headers)
        return shown.json()["delivery"] == "delivered"

    await eventually(mailed)
    (message,) = [message for message in office.taken if message["To"] == email]
    assert message["Subject"] == "Given to you: Sweep the yard"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way_out = re.fullmatch(r"<https://daybook\.example(/unsubscribe\?what=task_assigned&token=\S+)>", message["List-Unsubscribe"])[1]
    page = await api("GET", way_out)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'method="post"' in page.text
    assert len(page.headers.get_list("content-security-policy")) == 1
    assert "form-action 'self'" in page.headers["content-security-policy"]
    preferences = (await api("GET", f"{WHERE}/preferences", bob.headers)).json()
    assert preferences["channels"]["task_assigned"] == {"in_app": True, "mail": True}, "looking at the link changes nothing"
    done = await api("POST", way_out, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert "no more mails about task assigned" in done.text
    preferences = (await api("GET", f"{WHERE}/preferences", bob.headers)).json()
    assert preferences["channels"]["task_assigned"] == {"in_app": True, "mail": False}
    assert (await api("POST", way_out[:-3] + "AAA")).status_code == 400
    hostile = await api("GET", "/unsubscribe", params={"what": "<script>", "token": '"><script>'})
    assert "<script>" not in hostile.text


async def test_the_list_is_newest_first_in_pages_and_filtered(api, bob):
    task_ids = await assign(api, bob, 5)
    assert [one["task_id"] for one in await told(api, bob, 5)] == task_ids[::-1]
    seen, cursor = list[str](), ""
    for _ in range(3):
        answer = await api("GET", f"{WHERE}?limit=2{cursor}", bob.headers)
        seen += [one["task_id"] for one in answer.json()["items"]]
        cursor = f"&cursor={answer.json()['next_cursor']}"
    assert (seen, answer.json()["next_cursor"]) == (task_ids[::-1], None)
    assert answer.headers["daybook-unread"] == "5"
    first = (await told(api, bob, 5))[0]["id"]
    assert (await api("PATCH", f"{WHERE}/{first}/read", bob.headers)).status_code == 200
    assert len(await told(api, bob, 4, "?unread=true")) == 4
    assert [one["id"] for one in await told(api, bob, 1, "?unread=false")] == [first]
    assert await told(api, bob, 5, "?kind=TASK_ASSIGNED")
    assert await told(api, bob, 0, "?kind=mention") == []
    assert misfits(await api("GET", f"{WHERE}?kind=gossip", bob.headers)) != []


async def test_a_due_date_that_passes_is_told_once_and_what_was_told_stands_in_ones_own_export(api, bob, office):
    due = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    task = await api.task(bob.headers, due_date=due)
    (one,) = await told(api, bob, 1)
    assert (one["kind"], one["task_id"], one["actor_id"]) == ("task_overdue", task["id"], None)
    email = (await api("GET", "/api/v1/auth/me", bob.headers)).json()["email"]

    async def mailed() -> bool:
        return [message["Subject"] for message in office.taken if message["To"] == email] == ["Overdue: Sweep the yard"]

    await eventually(mailed)
    export = (await api("GET", "/api/v1/users/me/export", bob.headers)).json()
    (kept,) = [event for event in export["events"] if event["type"] == "notification.created"]
    assert (kept["stream_id"], kept["data"]["title"]) == (one["id"], "Sweep the yard")


async def test_reading_and_deleting_are_counted_and_only_for_oneself(api, bob):
    await assign(api, bob, 2)
    newest, oldest = await told(api, bob, 2)
    stranger = await api.account()
    for method, path in (("PATCH", "/read"), ("POST", "/read"), ("DELETE", ""), ("GET", "")):
        for who in (stranger.headers, await api.admin()):
            assert problem(await api(method, f"{WHERE}/{newest['id']}{path}", who)) == (404, "not_found")
    for method in ("PATCH", "POST"):
        answer = await api(method, f"{WHERE}/{newest['id']}/read", bob.headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["read_at"]
    assert await unread(api, bob) == 1
    assert (await api("DELETE", f"{WHERE}/{oldest['id']}", bob.headers)).status_code == 204
    assert problem(await api("DELETE", f"{WHERE}/{oldest['id']}", bob.headers)) == (404, "not_found")
    assert await unread(api, bob) == 0
    assert [one["id"] for one in await told(api, bob, 1)] == [newest["id"]]


async def test_reading_all_reads_what_was_there_and_nothing_newer(api, bob):
    await assign(api, bob, 3)
    times = [one["created_at"] for one in await told(api, bob, 3)]
    answer = await api("POST", f"{WHERE}/read-all", bob.headers, json={"until": times[1]})
    assert (answer.status_code, answer.json()["read"], answer.json()["more"]) == (200, 2, False), answer.text
    assert await unread(api, bob) == 1
    arriving = asyncio.gather(*(assign(api, bob, 2) for _ in range(3)))
    read = [(await api("POST", f"{WHERE}/read-all", bob.headers)).json()["read"] for _ in range(3)]
    await arriving
    await told(api, bob, 9)
    assert await unread(api, bob) == 7 - sum(read), "each was read once by what found it there, and the others are unread"
    key = {"Idempotency-Key": uuid4().hex}
    first = await api("POST", f"{WHERE}/read-all", bob.headers, headers=key)
    again = await api("POST", f"{WHERE}/read-all", bob.headers, headers=key)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await unread(api, bob) == 0


async def test_preferences_are_changed_in_part_and_say_what_they_come_to(api, bob):
    before = await api("GET", f"{WHERE}/preferences", bob.headers)
    assert (before.status_code, before.json()["version"], before.json()["quiet_hours"]) == (200, 0, None)
    assert before.json()["digest"] == {"every": "off", "hour": 8, "weekday": 1, "time_zone": "UTC"}
    wish = {
        "channels": {"TASK_UPDATED": {"in_app": False, "mail": True}},
        "muted": ["project_updated"],
        "min_priority": "medium",
        "quiet_hours": {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"},
        "digest": {"every": "WEEKLY", "hour": 7, "weekday": 5, "time_zone": "Asia/Kolkata"},
    }
    changed = await api("PUT", f"{WHERE}/preferences", bob.headers, json=wish)
    assert changed.status_code == 200, changed.text
    after = await api("GET", f"{WHERE}/preferences", bob.headers)
    assert after.json() | {"position": 0} == changed.json() | {"position": 0}
    assert after.json()["quiet_hours"] == wish["quiet_hours"]
    assert after.json()["digest"] == {**wish["digest"], "every": "weekly"}
    assert after.json()["channels"]["task_updated"] == {"in_app": False, "mail": True}
    assert after.json()["channels"]["mention"] == {"in_app": True, "mail": True}
    stale = await api("PUT", f"{WHERE}/preferences", bob.headers, json={"muted": []}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    quiet = await api("PUT", f"{WHERE}/preferences", bob.headers, json={"quiet_hours": None}, headers={"If-Match": after.headers["etag"]})
    assert (quiet.json()["quiet_hours"], quiet.json()["muted"]) == (None, ["project_updated"])


@pytest.mark.parametrize(
    ("wish", "pointer", "code"),
    [
        ({"muted": ["mention"]}, "/muted/0", "not_mutable"),
        ({"muted": ["security"]}, "/muted/0", "not_mutable"),
        ({"channels": {"security": {"in_app": True, "mail": False}}}, "/channels/security", "not_mutable"),
        ({"quiet_hours": {"from": "22:00", "to": "22:00"}}, "/quiet_hours/to", "never_ends"),
        ({"quiet_hours": {"from": "22:00", "to": "07:00", "time_zone": "Mars/Olympus"}}, "/quiet_hours/time_zone", "unknown_time_zone"),
        ({"quiet_hours": {"from": "25:00", "to": "07:00"}}, "/quiet_hours/from", "wrong_format"),
        ({"digest": {"every": "daily", "hour": 24}}, "/digest/hour", "out_of_range"),
        ({"sound": "loud"}, "/sound", "unknown_field"),
    ],
)
async def test_what_cannot_be_preferred_is_named(api, bob, wish, pointer, code):
    assert misfits(await api("PUT", f"{WHERE}/preferences", bob.headers, json=wish)) == [(pointer, code)]


async def test_seconds_after_an_erasure_nothing_that_was_told_is_kept_in_a_view(api, bob):
    await assign(api, bob, 2)
    await told(api, bob, 2)
    ada = await api.account()
    await assign(api, ada)
    assert (await api("DELETE", f"/api/v1/users/{bob.id}", await api.admin())).status_code == 204

    async def forgotten() -> bool:
        rows = await api.system.log.reads("select count(*) from notifications_v1 where user_id = %b", UUID(bob.id))
        return rows == [(0,)]

    await eventually(forgotten, 20)
    assert len(await told(api, ada, 1)) == 1


async def test_what_is_shown_and_counted_is_what_the_log_says_and_a_rebuild_finds_no_difference(api, bob):
    await assign(api, bob, 3)
    await told(api, bob, 3)
    await api("POST", f"{WHERE}/read-all", bob.headers)
    await assign(api, bob)
    await told(api, bob, 4)
    before = await verify(api.system.settings, NOTIFICATIONS)
    assert before.is_right, (before.differences, before.wrong_sums)
    rebuilt = await rebuild(api.system.settings, NOTIFICATIONS)
    assert (rebuilt.differing, rebuilt.parked) == (0, 0)
    assert await unread(api, bob) == 1
    assert (await verify(api.system.settings, NOTIFICATIONS)).is_right
