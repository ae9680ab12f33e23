"""A person who was erased is named nowhere, and was never in clear anywhere; everything that was ever said about them still can be read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.shared.health import Health
from infra.cancellation import ended
from infra.postgres.remains import PostgresRemains
from infra.processes.clock import clock
from infra.projection.rebuild import rebuild
from infra.projection.verify import verify
from projections.identity.api_keys import API_KEYS
from projections.identity.people import PEOPLE
from projections.identity.sessions import SESSIONS
from projections.identity.standing import STANDING
from projections.shared.read_model import READ_MODELS
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, daybook
from tests.identity.traces import looked
from tests.notifications.post_office import PostOffice, open_office
from tests.servers import Database

EMAIL, NAME, RENAMED, AGENT = "zuleika.quux@erasure.example", "Zuleika Quuxington", "Zuleika Vandergraaf", "QuuxBrowser/7.1"
OUTSIDE = ("mail.log", "httpx")
"""What the mail server and the client of this test log about themselves."""
WORDS = ["zuleika", "quuxington", "vandergraaf", "erasure.example", "quuxbrowser"]


@pytest.fixture
async def own(fresh_database: Database, redis_url: str) -> AsyncIterator[Api]:
    async with open_office(PostOffice()) as office:
        settings = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none", "sweep_interval": 0.1}
        async with daybook(fresh_database, redis_url, **settings) as running:
            running.office = office  # type: ignore[attr-defined]  # where its mail goes
            ticking = asyncio.create_task(clock(running.system.settings, Health("clock")))
            yield running
            await ended(ticking)


async def live(api: Api) -> tuple[str, dict[str, str], str]:
    """A life that leaves traces wherever it can: the person's id, their headers, an answer an administrator got about them."""
    body = {"email": EMAIL, "name": NAME, "password": PASSWORD, "role": "user"}
    made = await api("POST", "/api/v1/users", await api.admin(), json=body, headers={"Idempotency-Key": "made-by-admin"})
    assert made.status_code == 201, made.text
    mine = {"User-Agent": AGENT}
    answer = await api("POST", "/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}, headers=mine | {"Idempotency-Key": "k0"})
    mine["Authorization"] = f"Bearer {answer.json()['access_token']}"
    renamed = await api("PATCH", "/api/v1/users/me", mine, json={"name": RENAMED}, headers={"Idempotency-Key": "k1"})
    assert renamed.json()["name"] == RENAMED
    await api("POST", "/api/v1/auth/login", json={"email": EMAIL, "password": "wrong"}, headers={"User-Agent": AGENT})
    await api("POST", "/api/v1/auth/register", json={**body, "role": "user"})
    assert (await api("POST", "/api/v1/auth/password/forgot", json={"email": EMAIL})).status_code == 202
    await api("POST", "/api/v1/tasks", mine, json={"title": "Sweep the yard"}, headers={"Idempotency-Key": "k2"})
    await api("GET", "/api/v1/users?email=" + EMAIL, await api.admin())
    key = await api("POST", "/api/v1/api-keys", mine, json={"name": "Zuleika's laptop", "scopes": ["tasks:read"]})
    assert key.status_code == 201, key.text
    assert (await api("GET", "/api/v1/auth/sessions", mine)).json()["items"][0]["user_agent"] == AGENT
    return made.json()["id"], mine, "made-by-admin"


async def rows(api: Api, query: str, person_id: str) -> list[Any]:
    return await api.system.log.reads(query, UUID(person_id))


async def test_nothing_names_them_before_or_after_and_all_else_goes_on(own: Api, fresh_database: Database, redis_url: str, caplog):
    caplog.set_level("DEBUG")
    api = own
    person_id, mine, key = await live(api)
    admin = await api.admin()

    async def a_mail_arrived() -> bool:
        return bool(api.office.taken)  # type: ignore[attr-defined]  # see above

    await eventually(a_mail_arrived)
    assert await looked(["sweep the yard", person_id], fresh_database, redis_url)  # The search finds what is there.
    assert await looked(WORDS, fresh_database, redis_url) == []
    assert len(await rows(api, "select 1 from http_keys where caller = %b", person_id)) >= 2

    assert len(await rows(api, f"select 1 from read_models.{API_KEYS.table} where owner_id = %b", person_id)) == 1
    assert len(await rows(api, f"select 1 from read_models.{SESSIONS.table} where user_id = %b", person_id)) == 1

    async with api.system.log.readers.connection() as connection:  # As if the account had a long history.
        await connection.execute("insert into snapshots values (%s, '\\x00', 1, 1, '\\x7b7d')", (UUID(person_id),))

    assert (await api("DELETE", "/api/v1/users/me", mine, headers={"Idempotency-Key": "k3"})).status_code == 204

    async def is_out() -> bool:
        return (await api("GET", "/api/v1/auth/me", mine)).status_code in {401, 403}

    await eventually(is_out, 1.5)

    async def is_forgotten() -> bool:
        return bool(await rows(api, "select 1 from events where stream_id = %b and type = 'user.forgotten'", person_id))

    await eventually(is_forgotten, 60)

    assert await rows(api, "select 1 from http_keys where caller = %b", person_id) == []
    assert await rows(api, "select 1 from snapshots where stream_id = %b", person_id) == []
    assert await rows(api, "select 1 from vault where id = %b", person_id) == []
    assert await rows(api, "select 1 from unique_claims where owner = %b", person_id) == []

    assert await rows(api, "select 1 from vault where kind = 'api_key' and %b::uuid is not null", person_id) == []

    async def no_session_and_no_key_is_left() -> bool:
        sessions = await rows(api, f"select 1 from read_models.{SESSIONS.table} where user_id = %b", person_id)
        return sessions + await rows(api, f"select 1 from read_models.{API_KEYS.table} where owner_id = %b", person_id) == []

    await eventually(no_session_and_no_key_is_left)
    assert await looked(WORDS, fresh_database, redis_url) == []
    said = " ".join(record.getMessage() + str(vars(record)) for record in caplog.records if not record.name.startswith(OUTSIDE)).lower()
    assert [word for word in WORDS if word in said] == []

    shown = (await api("GET", f"/api/v1/users/{person_id}", admin)).json()
    assert (shown["name"], shown["email"], shown["active"], shown["erased"]) == ("erased", "erased", False, True)
    assert (await rows(api, f"select email, name from read_models.{PEOPLE.table} where id = %b", person_id)) == [("", "")]
    again = await api("POST", "/api/v1/users", admin, json={"email": EMAIL, "name": NAME, "password": PASSWORD, "role": "user"}, headers=_key(key))
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert (again.json()["id"], again.json()["name"], again.json()["email"]) == (person_id, "erased", "erased")
    trail = await api("GET", f"/api/v1/admin/audit?subject={person_id}&limit=200", admin)
    assert {"user.registered", "user.erased", "user.session_opened"} <= {one["action"] for one in trail.json()["items"]}
    log = await api("GET", f"/api/v1/admin/events?stream_id={person_id}", admin)
    assert log.status_code == 200
    assert [word for word in WORDS if word in (trail.text + log.text).lower()] == []

    for model in READ_MODELS.values():
        assert (await verify(api.system.settings, model)).is_right, model.name
    for model in (PEOPLE, STANDING):
        assert (await rebuild(api.system.settings, model)).parked == 0
    shown = (await api("GET", f"/api/v1/users/{person_id}", admin)).json()
    assert (shown["name"], shown["erased"]) == ("erased", True)

    body = {"email": EMAIL, "name": NAME, "password": PASSWORD}
    anew = await api("POST", "/api/v1/auth/register", json=body)
    assert anew.status_code == 201
    assert anew.json()["user"]["id"] != person_id
    assert (await api("GET", f"/api/v1/users/{person_id}", admin)).json()["name"] == "erased"


def _key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


async def test_nobody_who_was_not_erased_can_be_forgotten_by_the_database_either(api: Api):
    someone = await api.account()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await api.system.dispatch._outside.remains.forget(someone.id, [])
    assert (await api("GET", "/api/v1/auth/me", someone.headers)).status_code == 200


async def test_the_clock_does_not_wait_for_a_long_deletion_and_hears_how_it_ended(api: Api, monkeypatch):
    monkeypatch.setattr("infra.postgres.remains.PATIENCE", 0.05)
    someone, remains = await api.account(), PostgresRemains(api.system.log.readers)
    with psycopg.connect(api.database.super_url) as blocking:
        blocking.execute("lock table daybook.events in access exclusive mode")
        assert [await remains.forget(UUID(someone.id), []) for _ in range(3)] == [False] * 3
    with pytest.raises(psycopg.Error):  # This one was not erased.
        await eventually(lambda: remains.forget(UUID(someone.id), []))
    assert remains._under_way == {}


async def test_erasing_takes_a_fresh_sign_in(api: Api):
    person, admin = await api.account(), await api.admin()
    http = api.with_rules(step_up_seconds=-1)
    for path, who in (("/api/v1/users/me", person.headers), (f"/api/v1/users/{person.id}", admin)):
        refused = await http.request("DELETE", path, headers=who)
        assert (refused.status_code, refused.json()["code"]) == (401, "reauthentication_required")
    await http.aclose()
    other = await api.account()
    assert (await api("DELETE", f"/api/v1/users/{person.id}", other.headers)).status_code == 403
    assert (await api("DELETE", f"/api/v1/users/{person.id}", admin)).status_code == 204
    assert (await api("DELETE", f"/api/v1/users/{person.id}", admin)).status_code == 204
