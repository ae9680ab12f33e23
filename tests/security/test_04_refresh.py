"""A refresh token is good once; a copy of it ends the whole session, and an auditor learns of it (security.md 4)."""

import asyncio

import psycopg

from tests.eventually import eventually
from tests.http.daybook import Api, problem
from tests.http.strangers import bearer, said, signed_in
from tests.security.instances import another


async def refresh(api: Api, token: str):
    return await api("POST", "/api/v1/auth/refresh", json={"refresh_token": token})


async def test_each_use_gives_a_new_pair_and_the_old_token_still_gives_the_same_one_for_ten_seconds(api):
    first = await signed_in(api)
    second = (await refresh(api, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    again = await refresh(api, first["refresh_token"])
    assert again.json()["refresh_token"] == second["refresh_token"]


async def test_a_spent_token_shown_again_ends_the_session_and_everything_that_came_of_it(api):
    async with another(api, refresh_grace_seconds=0) as strict:
        first = await signed_in(strict)
        second = (await refresh(strict, first["refresh_token"])).json()
        assert (await strict("GET", "/api/v1/auth/me", bearer(second["access_token"]))).status_code == 200
        assert problem(await refresh(strict, first["refresh_token"])) == (401, "refresh_reused")
        assert problem(await refresh(strict, second["refresh_token"]))[0] == 401
        for process in (strict, api):

            async def ended(process: Api = process) -> bool:
                return (await process("GET", "/api/v1/auth/me", bearer(second["access_token"]))).status_code == 401

            await eventually(ended, 1, "revocation on every process")


async def test_of_twenty_who_show_the_same_token_at_once_all_get_the_same_successor(api):
    token = (await signed_in(api))["refresh_token"]
    answers = await asyncio.gather(*(refresh(api, token) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_no_session_outlives_its_lifetime_however_often_it_is_refreshed(api):
    assert api.system.settings.refresh_lifetime == 30 * 86_400
    async with another(api, jwt_refresh_expiration="2s") as short:
        token, refreshed = (await signed_in(short))["refresh_token"], 0

        async def over() -> bool:
            nonlocal token, refreshed
            answer = await refresh(short, token)
            if answer.status_code == 200:
                token, refreshed = answer.json()["refresh_token"], refreshed + 1
            return problem(answer)[0] == 401 if answer.status_code != 200 else False

        await eventually(over, 4)
        assert refreshed > 3


async def test_a_token_is_stored_only_as_a_hash_in_the_vault(api):
    made = await signed_in(api)
    with psycopg.connect(api.database.owner_url) as connection:
        query = "select sealed from daybook.vault where kind = 'refresh' and id = %s"
        rows = connection.execute(query, (said(made["access_token"])["sid"],)).fetchall()
    assert len(rows) == 1
    secret = made["refresh_token"].rpartition(".")[2].encode()
    assert secret
    assert secret not in bytes(rows[0][0])


async def test_a_token_with_any_character_changed_is_none(api):
    token = (await signed_in(api))["refresh_token"]
    for at in range(0, len(token), 7):
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert problem(await refresh(api, other)) == (401, "invalid_token"), at
    assert problem(await refresh(api, token + "x")) == (401, "invalid_token")
    assert (await refresh(api, token)).status_code == 200
