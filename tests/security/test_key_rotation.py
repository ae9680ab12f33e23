"""Keys that sign access tokens can be replaced while everybody works (security.md 3): nobody is refused wrongly, at any moment."""

import asyncio
import itertools
import os
import sys
from collections import Counter
from datetime import timedelta

import httpx
import jwt
import psycopg
import pytest

from application.identity.access_token import Grant
from application.identity.keyring import AddSigningKey, PrivateKey, RetireSigningKey
from domain.identity.errors import SigningKeyNeeded
from infra.local.state import CLONE
from infra.security.signing_keys import new_signing_key, read_signing_keys
from tests.eventually import eventually
from tests.http.daybook import ADMIN, PASSWORD, Api, own_api, problem
from tests.infra.doubles.forge import KID, SESSION, USER, forge
from tests.security.instances import another, two

__all__ = ["own_api"]

LOGIN = {"email": ADMIN, "password": PASSWORD}


async def cli(api: Api, *words: str) -> str:
    """What `daybook …` says, run as a process of its own against this Daybook."""
    settings = api.system.settings
    names = ("database_url", "redis_url", "master_key", "secret_key", "jwt_private_keys")
    told = {name.upper(): str(getattr(settings, name)) for name in names}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra", *words, cwd=CLONE, env=os.environ | told, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return f"{process.returncode}: {output.decode()}"


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def published(http: httpx.AsyncClient) -> list[str]:
    return [key["kid"] for key in (await http.get("/.well-known/jwks.json")).json()["keys"]]


async def new_key(api: Api, seconds: float) -> str:
    pem = new_signing_key()
    wish = AddSigningKey(kid=read_signing_keys(pem)[0].kid, private=PrivateKey(pem.encode()), seconds=seconds)
    return (await api.system.dispatch(wish, api.system.context())).result.kid


async def test_keys_are_rotated_under_load_without_one_false_401(api):
    await api.admin()
    statuses, kids, done = Counter[int](), Counter[str](), asyncio.Event()

    async def work(first: httpx.AsyncClient, second: httpx.AsyncClient) -> None:
        for issuer, checker in itertools.cycle([(first, second), (second, first)]):
            signed_in = await issuer.post("/api/v1/auth/login", json=LOGIN)
            token = signed_in.json()["access_token"]
            kids[kid_of(token)] += 1
            asked = await asyncio.gather(*(http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}) for http in (checker, issuer)))
            statuses.update([signed_in.status_code, *(answer.status_code for answer in asked)])
            if done.is_set():
                return

    async with two(api) as clients:
        workers = [asyncio.create_task(work(*clients)) for _ in range(6)]
        try:
            told = await cli(api, "keys", "rotate")
            assert told.startswith("0: "), told
            new = told.split()[1]

            async def all_sign_with_it() -> bool:
                kids.clear()
                await asyncio.sleep(0)
                return [kid_of((await http.post("/api/v1/auth/login", json=LOGIN)).json()["access_token"]) for http in clients] == [new, new]

            for http in clients:
                await eventually(lambda http=http: has(http, new), 2, "the new key is published before it signs")
            await eventually(all_sign_with_it, 12)
        finally:
            done.set()
            await asyncio.gather(*workers)
    assert set(statuses) == {200}
    assert statuses[200] > 100


async def has(http: httpx.AsyncClient, kid: str) -> bool:
    return kid in await published(http)


async def test_a_key_signs_only_when_its_time_has_come(api):
    before, grant = api.system.log.now(), Grant(user_id=USER, session_id=SESSION, role="user")
    new = await new_key(api, 3600)
    made = api.system.log.now()
    await eventually(lambda: has(api.http, new), 3)
    assert kid_of(api.parts.tokens.issue(grant, made)) != new
    assert kid_of(api.parts.tokens.issue(grant, before + timedelta(seconds=3600))) != new
    assert kid_of(api.parts.tokens.issue(grant, made + timedelta(seconds=3600))) == new


async def test_a_process_that_has_not_heard_of_a_key_looks_again_before_it_refuses_a_token(api):
    async with another(api) as other:
        new = await new_key(api, 0)
        await eventually(lambda: has(api.http, new), 3)
        await api.admin()
        token = await api.sign_in(ADMIN)
        assert kid_of(token["Authorization"].split()[1]) == new
        assert not await has(other.http, new)
        assert (await other("GET", "/api/v1/auth/me", token)).status_code == 200


async def test_strangers_with_invented_keys_do_not_make_us_read_each_time(api, monkeypatch):
    ring, read = api.parts.tokens._ring, []
    before = ring._read
    monkeypatch.setattr(ring, "_read", lambda *ports: read.append(1) or before(*ports))
    answers = [await api("GET", "/api/v1/auth/me", {"Authorization": f"Bearer {forge(kid=f'invented-{number}')}"}) for number in range(100)]
    assert {problem(answer) for answer in answers} == {(401, "invalid_token")}
    assert len(read) < 20


async def test_where_the_ring_cannot_be_read_nobody_is_refused_for_good(api, monkeypatch):
    async def away(*_: object) -> None:
        raise psycopg.OperationalError("away")

    ring = api.parts.tokens._ring
    monkeypatch.setattr(ring, "_read", away)
    monkeypatch.setattr(ring, "_reading", None)
    answer = await api("GET", "/api/v1/auth/me", {"Authorization": f"Bearer {forge(kid='perhaps a new one')}"})
    assert problem(answer) == (503, "dependency_unavailable")


async def test_what_a_retired_key_signed_is_refused_everywhere_within_a_second_also_where_it_was_known(api):
    await api.admin()
    async with another(api) as other:
        old = await new_key(api, 0)
        await eventually(lambda: has(api.http, old), 3)
        token = await api.sign_in(ADMIN)
        assert {(await one("GET", "/api/v1/auth/me", token)).status_code for one in (api, other)} == {200}
        with pytest.raises(SigningKeyNeeded):
            await retire(api, old)
        await new_key(api, 0)
        await retire(api, old)
        for one in (api, other):
            await eventually(lambda one=one: refused(one, token), 1)
        assert not await has(api.http, old)
        await retire(api, old)  # told twice, nothing new happens


async def refused(api: Api, token: dict[str, str]) -> bool:
    await api.parts.tokens.refresh()  # as its process does each second
    return (await api("GET", "/api/v1/auth/me", token)).status_code == 401


async def retire(api: Api, kid: str) -> None:
    await api.system.dispatch(RetireSigningKey(kid=kid), api.system.context())


async def test_a_key_of_the_settings_can_be_retired_once_another_one_signs(api):
    await new_key(api, 0)
    assert (await cli(api, "keys", "retire", "nothing")).startswith("1: ")
    told = await cli(api, "keys", "retire", KID)
    assert told.startswith("1: ")
    assert "--at-once" in told
    assert (await cli(api, "keys", "retire", KID, "--at-once")).startswith("0: ")
    shown = await cli(api, "keys", "list")
    assert f"{KID}  retired" in shown
    assert shown.count("  signs\n") == 1

    async def gone() -> bool:
        return not await has(api.http, KID)

    await eventually(gone, 3)


async def test_private_keys_stand_nowhere_in_clear(api):
    pem = new_signing_key()
    wish = AddSigningKey(kid="seen", private=PrivateKey(pem.encode()), seconds=3600)
    assert "PRIVATE KEY" not in repr(wish)
    key = (await api.system.dispatch(wish, api.system.context())).result
    sealed = await api.system.log.secret("signing_key", key.key_id)
    assert sealed is not None
    assert b"PRIVATE KEY" not in sealed
    assert api.system.sealing.open("signing_key", key.key_id, sealed) == pem.encode()


async def test_who_has_the_published_keys_is_told_when_they_are_the_newest(api):
    first = await api("GET", "/.well-known/jwks.json")
    assert first.headers["cache-control"] == "public, max-age=300"
    again = await api("GET", "/.well-known/jwks.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    new = await new_key(api, 3600)
    await eventually(lambda: has(api.http, new), 3)
    assert (await api("GET", "/.well-known/jwks.json", headers={"If-None-Match": first.headers["etag"]})).status_code == 200
