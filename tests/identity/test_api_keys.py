"""Keys for programs (security.md 8): who makes them, what they may do, and what is kept of them."""

import hashlib
from uuid import uuid4

import pytest

from application.identity.api_key import IssueApiKey
from application.shared.context import Caller
from domain.identity.errors import UnfitKeyScope
from tests.http.daybook import Account, Api, problem
from tests.identity.api_keys import KEYS, READ, issued, me, using, works


@pytest.fixture
async def owner(api: Api) -> Account:
    return await api.account()


async def test_a_key_acts_for_its_owner_in_both_ways_it_can_be_sent(api, owner):
    key = await issued(api, owner.headers)
    for headers in (using(key), {"Authorization": f"Bearer {key['key']}"}, {"authorization": f"bEARER  {key['key']}"}):
        answer = await me(api, headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["id"] == owner.id


async def test_a_key_does_what_its_scopes_and_its_owners_roles_permit(api, owner):
    reading, all_of_tasks = await issued(api, owner.headers), await issued(api, owner.headers, scopes=["tasks:*"])
    task = await api.task(owner.headers)
    assert (await api("GET", f"/api/v1/tasks/{task['id']}", using(reading))).status_code == 200
    body = {"json": {"title": "Sweep the yard"}}
    assert problem(await api("POST", "/api/v1/tasks", using(reading), **body)) == (403, "insufficient_scope")
    assert (await api("POST", "/api/v1/tasks", using(all_of_tasks), **body)).status_code == 201
    assert problem(await me(api, using(all_of_tasks))) == (403, "insufficient_scope")
    assert problem(await api("GET", "/api/v1/admin/tasks", using(all_of_tasks))) == (403, "insufficient_role")


@pytest.mark.parametrize("scope", ["users:read", "self:secure", "users:*", "tasks:fly", "*", "tasks:list-all"])
async def test_no_key_gets_more_than_its_owner_has(api, owner, scope):
    refused = await api("POST", KEYS, owner.headers, json=READ | {"scopes": ["tasks:read", scope]})
    assert problem(refused) == (400, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/scopes/1", "unfit_key_scope")]


async def test_no_key_touches_passwords_factors_and_keys(api, owner):
    key = await issued(api, owner.headers, scopes=["self:*", "api-keys:*", "tasks:*"])
    assert problem(await api("POST", "/api/v1/auth/2fa/setup", using(key))) == (403, "insufficient_scope")
    assert problem(await api("POST", "/api/v1/auth/logout-all", using(key))) == (403, "insufficient_scope")
    assert problem(await api("POST", KEYS, using(key), json=READ)) == (401, "reauthentication_required")


async def test_a_key_is_shown_once_and_kept_as_a_hash_in_the_vault(api, owner):
    key = await issued(api, owner.headers, name="a telling name", allowed_addresses=["127.0.0.0/8"])
    secret = key["key"].removeprefix(key["prefix"] + "_")
    assert key["key"] == f"{key['prefix']}_{secret}"
    assert len(secret) == 43
    for path in (KEYS, f"{KEYS}/{key['id']}"):
        assert secret not in (await api("GET", path, owner.headers)).text
    dumped = await api.system.log.reads("select string_agg(convert_from(data, 'UTF8') || convert_from(metadata, 'UTF8'), ' ') from events")
    kept = await api.system.log.reads("select sealed from vault where kind = 'api_key'")
    digest = hashlib.sha256(key["key"].encode()).digest()
    for word in (secret, digest.hex(), "a telling name", "127.0.0.0"):
        assert word not in dumped[0][0]
    assert key["id"] in dumped[0][0]
    assert not [one for (one,) in kept if digest in bytes(one) or secret.encode() in bytes(one)]


async def test_a_key_of_an_idempotent_request_is_not_stored(api, owner):
    headers = owner.headers | {"Idempotency-Key": uuid4().hex}
    first, again = await issued(api, headers), await issued(api, headers)
    assert first["key"] != again["key"]
    assert problem(await api("POST", KEYS, headers, json=READ | {"name": "other"})) == (422, "idempotency_key_reused")


async def test_owners_see_their_keys_and_nobody_elses(api, owner):
    key, stranger = await issued(api, owner.headers, allowed_addresses=["127.0.0.1", "2001:DB8::1/32"]), await api.account()
    shown = await api("GET", f"{KEYS}/{key['id']}", owner.headers)
    assert shown.json() == {
        "id": key["id"], "name": "nightly import", "prefix": key["prefix"], "owner_id": owner.id, "scopes": ["self:read", "tasks:read"],
        "allowed_addresses": ["127.0.0.1/32", "2001:db8::/32"], "created_at": shown.json()["created_at"], "expires_at": None,
        "last_used_at": None, "rotated_at": None, "former_valid_until": None, "version": 1,
    }  # fmt: skip
    assert [one["id"] for one in (await api("GET", KEYS, owner.headers)).json()["items"]] == [key["id"]]
    assert (await api("GET", KEYS, stranger.headers)).json()["items"] == []
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate")):
        assert problem(await api(method, f"{KEYS}/{key['id']}{path}", stranger.headers)) == (404, "not_found")
    unfit = await api("POST", f"{KEYS}/{key['id']}/rotate", stranger.headers, json={"overlap_seconds": -1})
    assert problem(unfit) == (404, "not_found")
    assert await works(api, key)


async def test_administrators_make_keys_for_any_account_and_see_all(api):
    service, node = await api.account("service"), await api.account("node")
    key = await issued(api, await api.admin(), owner_id=service.id, scopes=["tasks:create", "self:read"])
    assert (await me(api, using(key))).json()["role"] == "service"
    assert (await api("POST", "/api/v1/tasks", using(key), json={"title": "Sweep the yard"})).status_code == 201
    listed = await api("GET", f"{KEYS}?owner_id={service.id}", await api.admin())
    assert [one["id"] for one in listed.json()["items"]] == [key["id"]]
    refused = await api("POST", KEYS, node.headers, json=READ | {"owner_id": service.id})
    assert problem(refused) == (403, "insufficient_role")
    assert problem(await api("POST", KEYS, await api.admin(), json=READ | {"owner_id": str(uuid4())})) == (404, "not_found")
    assert (await api("DELETE", f"{KEYS}/{key['id']}", await api.admin())).status_code == 204


async def test_a_key_rotates_itself_but_no_key_that_may_do_more(api, owner):
    small = await issued(api, owner.headers, scopes=["api-keys:manage"])
    large = await issued(api, owner.headers, scopes=["api-keys:manage", "tasks:*"])
    assert problem(await api("POST", f"{KEYS}/{large['id']}/rotate", using(small))) == (403, "insufficient_scope")
    rotated = await api("POST", f"{KEYS}/{small['id']}/rotate", using(small))
    assert rotated.status_code == 200
    assert (await api("GET", KEYS, using(rotated.json()))).status_code == 200


async def test_a_program_bound_by_scopes_makes_no_key_that_reaches_further(identity):
    signed_in = await identity.register()
    program = Caller(signed_in.person.id, "user", signed_in.session_id, scopes=frozenset({"api-keys:manage", "tasks:*"}))
    made = await identity.ask(IssueApiKey(name="within", scopes=("tasks:read", "tasks:*")), program)
    assert made.scopes == ("tasks:*", "tasks:read")
    for wider in ("self:read", "api-keys:*"):
        with pytest.raises(UnfitKeyScope):
            await identity.ask(IssueApiKey(name="beyond", scopes=(wider,)), program)
