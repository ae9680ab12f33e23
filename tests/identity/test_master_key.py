"""Replacing the master key while the system runs: afterwards the old one can be thrown away."""

import asyncio
from base64 import b64encode
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra.app import system
from infra.postgres import reseal as vault
from infra.security.sealing import AesSealing, Unsealable
from tests.http.daybook import PASSWORD, daybook
from tests.security.test_key_rotation import cli
from tests.servers import Database

OLD, NEW = (b64encode(sha256(word).digest()).decode() for word in (b"old", b"new"))
ADA = {"email": "ada@example.org", "name": "Ada Lovelace", "password": PASSWORD}


def keys(settings, *master):
    return msgspec.structs.replace(settings, master_key=",".join(master))


async def test_after_the_change_the_old_key_is_not_needed_for_anything(fresh_database: Database, redis_url: str):
    async with daybook(fresh_database, redis_url, master_key=OLD) as api:
        await api("POST", "/api/v1/auth/register", json=ADA)
        settings = api.system.settings
        async with system(keys(settings, NEW, OLD), readers=1) as parts, parts.log.readers.connection() as connection:
            looked: list[int] = []
            done = await vault.reseal(connection, parts.sealing, looked.append)
            assert done.replaced == sum(looked) == await vault.count(connection) > 3
            assert done.unopened == set()
            assert (await vault.reseal(connection, parts.sealing)).replaced == 0
    async with daybook(fresh_database, redis_url, master_key=NEW) as api:
        signed_in = await api("POST", "/api/v1/auth/login", json={"email": ADA["email"], "password": PASSWORD})
        assert signed_in.status_code == 200, signed_in.text
        assert signed_in.json()["user"]["name"] == "Ada Lovelace"
    async with system(keys(settings, OLD), readers=1) as parts:
        ((kind, entry_id, sealed), *_) = await parts.log.reads("select kind, id, sealed from vault where kind = 'person_key'")
        with pytest.raises(Unsealable):
            parts.sealing.open(kind, entry_id, bytes(sealed))


async def test_a_system_that_still_seals_with_the_old_key_goes_on_meanwhile_and_loses_nothing(fresh_database: Database, redis_url: str):
    async with daybook(fresh_database, redis_url, master_key=f"{OLD},{NEW}") as api:
        refresh, done = (await api("POST", "/api/v1/auth/register", json=ADA)).json()["refresh_token"], asyncio.Event()

        async def use() -> str:
            token = refresh
            while not done.is_set():
                answer = await api("POST", "/api/v1/auth/refresh", json={"refresh_token": token})
                assert answer.status_code == 200, answer.text
                token = answer.json()["refresh_token"]
            return token

        using = asyncio.create_task(use())
        async with system(keys(api.system.settings, NEW, OLD), readers=1) as parts, parts.log.readers.connection() as connection:
            for _ in range(20):
                await vault.reseal(connection, parts.sealing)
            done.set()
            token = await using
            await vault.reseal(connection, parts.sealing)
    async with daybook(fresh_database, redis_url, master_key=NEW) as api:
        assert (await api("POST", "/api/v1/auth/refresh", json={"refresh_token": token})).status_code == 200


async def reseal(api: Any, *master: str) -> str:
    changed = SimpleNamespace(settings=keys(api.system.settings, *master))
    return await cli(SimpleNamespace(system=changed), "keys", "reseal")


async def test_the_command_line_does_it_and_says_what_came_of_it(fresh_database: Database, redis_url: str):
    async with daybook(fresh_database, redis_url, master_key=OLD) as api:
        await api("POST", "/api/v1/auth/register", json=ADA)
        assert "open with none of these keys" in await reseal(api, NEW)
        assert "sealed with the newest key now" in await reseal(api, NEW, OLD)
        assert "0 entries were sealed anew" in await reseal(api, NEW, OLD)
        async with system(keys(api.system.settings, NEW), readers=1) as parts:
            for kind, entry_id, sealed in await parts.log.reads("select kind, id, sealed from vault"):
                assert parts.sealing.open(kind, entry_id, bytes(sealed))


async def test_an_entry_is_replaced_only_if_it_is_still_the_one_that_was_read(fresh_database: Database, redis_url: str):
    async with daybook(fresh_database, redis_url) as api, api.system.log.readers.connection() as connection:
        await api("POST", "/api/v1/auth/register", json=ADA)
        kind, entry_id, sealed = await (await connection.execute("select kind, id, sealed from vault where kind = 'password'")).fetchone()
        for old, replaced in ((b"other", 0), (bytes(sealed), 1)):
            row = await (await connection.execute(vault.REPLACE, ([kind], [entry_id], [old], [b"new"]))).fetchone()
            assert row == (replaced,)


def test_an_entry_that_no_key_opens_is_told_and_left_alone():
    done = vault.Resealed()
    strange = AesSealing([b"x" * 32], b"n" * 32).seal("password", UUID(int=1), b"secret")
    assert vault._renewed(AesSealing([b"y" * 32, b"z" * 32], b"n" * 32), done, "password", UUID(int=1), strange) is None
    assert done.unopened == {("password", UUID(int=1))}
