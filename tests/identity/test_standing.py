"""Whether a verified token may still be used: sign-out, disabling and a new role act within a second (security.md 5)."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from application.identity.access_token import AccessClaims
from application.identity.session import LogOut, SignedIn
from application.identity.standing import Standing
from domain.identity.errors import AccountDisabled, InvalidToken, TokenExpired
from domain.identity.events import RoleGranted, UserDisabled
from domain.identity.role import Role
from tests.identity.small_daybook import LIFETIME, NOON, Identity


def claims(signed_in: SignedIn, **changed) -> AccessClaims:
    said = {"sub": signed_in.person.id, "sid": signed_in.session_id, "role": "user", "exp": 0, "iat": 0, "jti": UUID(int=0)}
    return AccessClaims(**(said | changed))


async def test_an_open_session_makes_a_caller(identity: Identity):
    signed_in = await identity.register()
    caller = await Standing(identity.log).caller(claims(signed_in))
    assert (caller.id, caller.role, caller.session_id) == (signed_in.person.id, "user", signed_in.session_id)
    assert (caller.roles, caller.scopes, caller.authenticated_at) == ({"user"}, None, NOON)


async def test_signing_out_acts_within_a_second_even_where_the_session_was_just_seen(identity: Identity):
    signed_in, standing = await identity.register(), Standing(identity.log)
    caller = await standing.caller(claims(signed_in))
    await identity.ask(LogOut(session_id=caller.session_id))
    identity.later(1.001)
    with pytest.raises(InvalidToken):
        await standing.caller(claims(signed_in))


async def test_disabling_and_a_new_role_act_within_a_second(identity: Identity):
    signed_in, standing = await identity.register(), Standing(identity.log)
    user_id = signed_in.person.id
    await standing.caller(claims(signed_in))
    await identity.record(user_id, RoleGranted(user_id=user_id, role=Role.ADMIN))
    identity.later(1.001)
    assert (await standing.caller(claims(signed_in))).is_admin
    await identity.record(user_id, UserDisabled(user_id=user_id))
    identity.later(1.001)
    with pytest.raises(AccountDisabled):
        await standing.caller(claims(signed_in))


async def test_the_role_is_that_of_the_account_not_that_of_the_token(identity: Identity):
    signed_in = await identity.register()
    assert (await Standing(identity.log).caller(claims(signed_in, role="admin"))).role == "user"


async def test_no_session_somebody_elses_session_and_one_that_ran_out_make_no_caller(identity: Identity):
    mine, other, standing = await identity.register(), await identity.register("bob@example.org"), Standing(identity.log)
    for wrong in (claims(mine, sid=UUID(int=99)), claims(mine, sid=other.session_id), claims(mine, sid=mine.person.id)):
        with pytest.raises(InvalidToken):
            await standing.caller(wrong)
    identity.later(LIFETIME)
    with pytest.raises(TokenExpired):
        await standing.caller(claims(mine))


async def test_a_session_that_was_not_refreshed_for_too_long_makes_no_caller(identity: Identity):
    signed_in, standing = await identity.register(), Standing(identity.log, idle=timedelta(minutes=30))
    identity.later(1799)
    await standing.caller(claims(signed_in))
    refreshed = await identity.refresh(signed_in.refresh_token)
    identity.later(1799)
    await standing.caller(claims(refreshed))
    identity.later(1)
    with pytest.raises(TokenExpired):
        await standing.caller(claims(refreshed))


async def test_many_requests_of_a_session_ask_the_log_once_a_second(identity: Identity):
    signed_in, standing = await identity.register(), Standing(identity.log)
    reads = []
    identity.log._pause = lambda: (reads.append(1), asyncio.sleep(0))[1]
    await asyncio.gather(*(standing.caller(claims(signed_in)) for _ in range(50)))
    assert len(reads) == 2
    await standing.caller(claims(signed_in))
    assert len(reads) == 2


async def test_a_client_that_hangs_up_does_not_spoil_the_answer_of_others(identity: Identity):
    signed_in, standing, gate = await identity.register(), Standing(identity.log), asyncio.Event()
    identity.log._pause = gate.wait
    first, second = (asyncio.ensure_future(standing.caller(claims(signed_in))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert (await second).id == signed_in.person.id


async def test_a_log_that_did_not_answer_is_asked_again(identity: Identity):
    signed_in, standing = await identity.register(), Standing(identity.log)

    async def broken() -> None:
        raise ConnectionError

    identity.log._pause = broken
    with pytest.raises(ConnectionError):
        await standing.caller(claims(signed_in))
    identity.log._pause = None
    assert (await standing.caller(claims(signed_in))).id == signed_in.person.id
