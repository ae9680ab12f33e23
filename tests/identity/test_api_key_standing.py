"""What ends an API key, and where it counts (security.md 8), over two processes."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from application.identity.api_key import IssueApiKey, NoteKeyUse, RevokeApiKey
from application.shared.context import SYSTEM, Caller
from infra.http.application import application
from tests.eventually import eventually
from tests.http.daybook import Account, Api, problem
from tests.identity.api_keys import KEYS, READ, issued, me, stops_on, using, works
from tests.security.instances import another, called_from


@pytest.fixture(scope="module")
async def beside(api: Api) -> AsyncIterator[Api]:
    async with another(api) as made:
        yield made


@pytest.fixture
async def owner(api: Api) -> Account:
    return await api.account()


async def test_a_revoked_key_stops_everywhere_within_a_second(api, beside, owner):
    key = await issued(api, owner.headers)
    for _ in range(20):
        assert await works(beside, key)
    for _ in range(2):
        assert (await api("DELETE", f"{KEYS}/{key['id']}", owner.headers)).status_code == 204
    await stops_on(beside, key)
    assert problem(await me(api, using(key))) == (401, "invalid_token")
    assert problem(await api("GET", f"{KEYS}/{key['id']}", owner.headers)) == (404, "not_found")
    assert problem(await api("POST", f"{KEYS}/{key['id']}/rotate", owner.headers)) == (409, "api_key_is_over")


async def test_the_keys_of_a_disabled_owner_stop_within_a_second(api, beside, owner):
    key = await issued(api, owner.headers)
    assert await works(beside, key)
    assert (await api("POST", f"/api/v1/users/{owner.id}/disable", await api.admin())).status_code == 200
    await stops_on(beside, key)
    assert problem(await me(beside, using(key))) == (403, "account_disabled")


async def test_a_key_of_the_past_stops(api, owner):
    soon = api.system.log.now() + timedelta(seconds=1)
    key = await issued(api, owner.headers, expires_at=soon.isoformat())
    assert await works(api, key) or await _is_over(api, soon)
    await eventually(lambda: _is_over(api, soon), 3)
    await stops_on(api, key)
    assert problem(await me(api, using(key))) == (401, "token_expired")
    refused = await api("POST", KEYS, owner.headers, json=READ | {"expires_at": "2020-01-01T00:00:00Z"})
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/expires_at", "expiry_passed")]


async def _is_over(api: Api, moment: datetime) -> bool:
    return bool(api.system.log.now() >= moment)


async def test_both_secrets_count_while_they_overlap_and_then_the_new_one_alone(api, beside, owner):
    key = await issued(api, owner.headers)
    rotated = (await api("POST", f"{KEYS}/{key['id']}/rotate", owner.headers, json={"overlap_seconds": 2})).json()
    assert rotated["prefix"] == key["prefix"]
    assert rotated["key"] != key["key"]
    until = datetime.fromisoformat(rotated["former_valid_until"])
    assert await works(beside, key) or await _is_over(api, until)
    assert await works(beside, rotated)
    await eventually(lambda: _is_over(api, until), 4)
    await stops_on(beside, key)
    assert await works(beside, rotated)


async def test_after_two_rotations_only_the_newest_two_secrets_count(api, owner):
    first = await issued(api, owner.headers)
    second = (await api("POST", f"{KEYS}/{first['id']}/rotate", owner.headers)).json()
    third = (await api("POST", f"{KEYS}/{first['id']}/rotate", owner.headers)).json()
    await stops_on(api, first)
    assert [await works(api, one) for one in (second, third)] == [True, True]
    for wrong in (-1, 604_801, "1", None):
        answer = await api("POST", f"{KEYS}/{first['id']}/rotate", owner.headers, json={"overlap_seconds": wrong})
        assert problem(answer)[0] == 400


async def test_a_key_is_refused_from_addresses_outside_its_list(api, owner):
    key = await issued(api, owner.headers, allowed_addresses=["192.0.2.0/24", "2001:db8::/32"])
    for address, status in (("192.0.2.7", 200), ("192.0.3.7", 401), ("2001:db8::7", 200), ("2001:db9::7", 401), ("::ffff:192.0.2.7", 200)):
        async with called_from(api, address) as there:
            answer = await there.get("/api/v1/auth/me", headers=using(key))
            assert answer.status_code == status, address
    assert problem(await me(api, using(key))) == (401, "invalid_token")
    refused = await api("POST", KEYS, owner.headers, json=READ | {"allowed_addresses": ["192.0.2.0/24", "192.0.2.0/33"]})
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/allowed_addresses/1", "unfit_network")]


async def test_its_use_is_a_fact_once_in_five_minutes_over_all_processes(api, beside, owner):
    key = await issued(api, owner.headers)
    for process in (api, beside) * 10:
        assert await works(process, key)

    async def seen() -> Any:
        return (await api("GET", f"{KEYS}/{key['id']}", owner.headers)).json()["last_used_at"]

    assert await eventually(seen, 5) >= key.get("created_at", "")
    ((uses,),) = await api.system.log.reads("select count(*) from events where type = 'api_key.used' and stream_id = %b", UUID(key["id"]))
    assert uses == 1


@pytest.mark.parametrize(
    "garbled",
    [
        "dbk_",
        "dbk_x_y",
        "x",
        "",
        "dbk_{id}",
        "dbk_{id}_",
        "dbk_{id}_{other}",
        "DBK_{id}_{secret}",
        "{secret}",
        "dbk_{other_id}_{secret}",
        "dbk_{id}_{secret}x",
    ],
)
async def test_garbled_and_unknown_keys_are_no_keys(api, owner, garbled):
    key = await issued(api, owner.headers)
    _, key_id, secret = key["key"].split("_", 2)
    text = garbled.format(id=key_id, secret=secret, other="A" * 43, other_id=uuid4().hex)
    assert problem(await me(api, using(text))) == (401, "invalid_token")


async def test_a_key_that_does_not_fit_is_not_overlooked_where_a_token_does(api, owner):
    assert problem(await me(api, owner.headers | using("dbk_x_y"))) == (401, "invalid_token")


async def test_a_use_that_could_not_be_noted_is_told_and_noted_later(api, owner, caplog):
    key = await issued(api, owner.headers)
    parts = api.parts
    broken = type(parts.keys)(api.system.log, api.system.sealing, _fails)
    async with api.client(api_with(parts, broken, api)) as http:
        assert (await http.get("/api/v1/auth/me", headers=using(key))).status_code == 200
        await eventually(lambda: _told(caplog), 2)
    assert await works(api, key)


async def _fails(_: Any) -> None:
    raise ConnectionError("away")


async def _told(caplog: Any) -> bool:
    return any("was not noted" in one.message and one.exc_info for one in caplog.records)


def api_with(parts: Any, keys: Any, api: Api) -> Any:
    return application(msgspec.structs.replace(parts, keys=keys), api.health)


async def test_of_two_processes_that_saw_a_key_used_one_is_heard_until_five_minutes_later(identity):
    signed_in = await identity.register()
    owner = Caller(signed_in.person.id, "user", signed_in.session_id)
    key = await identity.ask(IssueApiKey(name="import", scopes=("tasks:read",)), owner)
    for seconds, uses in ((0, 1), (0, 1), (299, 1), (1, 2)):
        identity.later(seconds)
        await identity.ask(NoteKeyUse(key_id=key.id), SYSTEM)
        assert identity.facts().count("ApiKeyUsed") == uses
    await identity.ask(RevokeApiKey(key_id=key.id), owner)
    identity.later(300)
    await identity.ask(NoteKeyUse(key_id=key.id), SYSTEM)
    assert identity.facts().count("ApiKeyUsed") == 2
    assert not [kind for kind, _ in identity.log.vault if kind == "api_key"]
