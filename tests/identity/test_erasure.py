"""Erasing a person: who may, what goes with the account at once, and what seconds later."""

import asyncio
import itertools
from datetime import timedelta
from uuid import UUID

import pytest

from application.identity.access_token import AccessClaims
from application.identity.api_key import IssueApiKey
from application.identity.erasure import EraseUser, ForgetPerson, forget
from application.identity.key_standing import KeyStanding
from application.identity.outside_identity import Proved, SignInOutside
from application.identity.standing import Standing
from application.identity.typed import Typed
from application.identity.user import CreateUser, EnsureAdmin
from application.shared.context import SYSTEM, Caller
from application.shared.permissions import PERMISSIONS
from domain.identity.errors import AccountDisabled, InvalidCredentials, InvalidToken, LastAdmin, StillForgetting
from domain.identity.events import AdminDismissed, ApiKeyRevoked, SessionEnded, UserErased, UserForgotten
from domain.identity.role import Role
from domain.identity.user import User
from domain.shared.refused import InsufficientRole, InsufficientScope, NotFound, PreconditionFailed
from infra.serialization import mapper
from projections.identity.me import me
from projections.identity.people import PEOPLE
from projections.identity.person_keys import PersonKeys
from projections.identity.standing import STANDING
from tests.identity.second_factors import enable
from tests.identity.small_daybook import NOON, PASSWORD, Identity
from tests.scenario import folded

ADMIN = Caller(UUID(int=900), "admin")


def caller(person_id: UUID, role: str = "user", **more) -> Caller:
    return Caller(person_id, role, **more)


async def erased(identity: Identity) -> UUID:
    person = (await identity.register()).person
    await identity.ask(EraseUser(user_id=person.id), caller(person.id))
    return person.id


async def test_with_the_account_go_key_password_and_the_name_and_the_address_are_free(identity):
    person_id = await erased(identity)
    assert {kind for kind, owner in identity.log.vault if owner == person_id} == set()
    with pytest.raises(InvalidCredentials):
        await identity.log_in()
    again = await identity.register()
    assert again.person.id != person_id
    assert again.person.email == "ada@example.org"


async def test_what_the_history_says_of_them_can_never_be_read_again(identity):
    person_id = await erased(identity)
    row = folded(PEOPLE, identity.log.recorded)[person_id]
    assert (row.email, row.name, row.active, row.erased) == ("", "", False, True)
    state, _ = await identity.log.load(User, person_id)
    assert (state.email, state.name, state.erased) == ("", "", True)
    registered = next(one.event for one in identity.log.recorded if one.stream_id == person_id)
    names = PersonKeys(identity.log, identity.sealing)
    assert await names.open(person_id, registered.email, registered.name) == ("erased", "erased")
    history = b"".join(mapper.encode(one.event)[1] for one in identity.log.recorded)
    assert b"Ada" not in history
    assert b"ada@" not in history


async def test_sessions_end_with_the_account(identity):
    signed_in = await identity.register()
    claims = AccessClaims(signed_in.person.id, signed_in.session_id, "user", 0, 0, UUID(int=0))
    standing = Standing(identity.log)
    assert (await standing.caller(claims)).id == signed_in.person.id
    await identity.ask(EraseUser(user_id=signed_in.person.id), caller(signed_in.person.id))
    identity.later(1.001)
    with pytest.raises((InvalidToken, AccountDisabled)):
        await standing.caller(claims)
    with pytest.raises((InvalidToken, AccountDisabled)):
        await identity.refresh(signed_in.refresh_token)


async def test_told_twice_nothing_new_happens(identity):
    person_id = await erased(identity)
    before = identity.facts()
    await identity.ask(EraseUser(user_id=person_id), ADMIN)
    assert identity.facts() == before


async def test_administrators_may_erase_others_and_nobody_else(identity):
    person = (await identity.register()).person
    others = [Caller(UUID(int=800 + nth), role) for nth, role in enumerate(sorted(next(iter(PERMISSIONS.values())))) if role != "admin"]
    for stranger in others:
        with pytest.raises(InsufficientRole):
            await identity.ask(EraseUser(user_id=person.id), stranger)
    with pytest.raises(InsufficientScope):
        await identity.ask(EraseUser(user_id=person.id), caller(person.id, scopes=frozenset({"self:*"})))
    with pytest.raises(NotFound):
        await identity.ask(EraseUser(user_id=UUID(int=999)), ADMIN)
    with pytest.raises(PreconditionFailed):
        await identity.ask(EraseUser(user_id=person.id, if_match=99), ADMIN)
    await identity.ask(EraseUser(user_id=person.id), ADMIN)
    assert isinstance(identity.log.recorded[-1].event, UserErased)


async def test_the_last_administrator_stays_and_any_other_may_go(identity):
    first = (await identity.ask(EnsureAdmin(email="root@b.c", password=Typed(PASSWORD)), SYSTEM)).user_id
    with pytest.raises(LastAdmin):
        await identity.ask(EraseUser(user_id=first), caller(first, "admin"))
    second = (await identity.ask(CreateUser(email="b@b.c", name="B", password=Typed(PASSWORD), role=Role.ADMIN), SYSTEM)).id
    await identity.ask(EraseUser(user_id=first), caller(first, "admin"))
    assert AdminDismissed(user_id=first) in [one.event for one in identity.log.recorded]
    with pytest.raises(LastAdmin):
        await identity.ask(EraseUser(user_id=second), caller(second, "admin"))


async def test_seconds_later_sessions_are_ended_one_by_one_and_what_is_kept_of_them_goes(identity):
    signed_in = await identity.register()
    person_id = signed_in.person.id
    identity.remains.sessions[person_id] = [signed_in.session_id, UUID(int=777)]
    with pytest.raises(NotFound):
        await identity.ask(ForgetPerson(user_id=person_id), SYSTEM)
    assert identity.remains.forgotten == []
    await identity.ask(EraseUser(user_id=person_id), caller(person_id))
    await identity.ask(ForgetPerson(user_id=person_id), SYSTEM)
    ended, forgotten = (one.event for one in identity.log.recorded[-2:])
    assert ended == SessionEnded(session_id=signed_in.session_id, user_id=person_id, reason="erased")
    assert forgotten == UserForgotten(user_id=person_id)
    assert ("refresh", signed_in.session_id) not in identity.log.vault
    assert identity.remains.forgotten == [person_id]
    assert signed_in.session_id not in folded(STANDING, identity.log.recorded)


async def test_their_api_keys_count_no_more_at_once_and_are_revoked_seconds_later(identity):
    person_id = (await identity.register()).person.id
    key = await identity.ask(IssueApiKey(name="laptop", scopes=("tasks:read",)), caller(person_id, roles=frozenset({"user"})))
    standing = KeyStanding(identity.log, identity.sealing, lambda _: asyncio.sleep(0))
    assert (await standing.caller(key.key, "")).id == person_id
    identity.remains.keys[person_id] = [key.id]
    await identity.ask(EraseUser(user_id=person_id), caller(person_id))
    identity.later(1.001)
    with pytest.raises(AccountDisabled):
        await standing.caller(key.key, "")
    await identity.ask(ForgetPerson(user_id=person_id), SYSTEM)
    assert ApiKeyRevoked(key_id=key.id, owner_id=person_id) in [one.event for one in identity.log.recorded]
    assert "api_key" not in {kind for kind, _ in identity.log.vault}


async def test_who_was_known_by_an_outside_identity_is_not_known_any_more(identity):
    who = Proved("provider", "https://id.example", "sub-1", "ada@example.org", "Ada Lovelace")
    first = (await identity.ask(SignInOutside(who=who))).person.id
    assert (await identity.ask(SignInOutside(who=who))).person.id == first
    await identity.ask(EraseUser(user_id=first), caller(first))
    again = (await identity.ask(SignInOutside(who=who))).person.id
    assert again != first
    assert first not in identity.log.names.values()


async def test_forgetting_that_takes_its_time_is_asked_for_again(identity):
    person_id = await erased(identity)
    identity.remains.slow = 2
    for _ in range(2):
        with pytest.raises(StillForgetting):
            await identity.ask(ForgetPerson(user_id=person_id), SYSTEM)
    assert "UserForgotten" not in identity.facts()
    await identity.ask(ForgetPerson(user_id=person_id), SYSTEM)
    assert identity.facts()[-1] == "UserForgotten"
    assert identity.remains.forgotten == [person_id]


async def test_the_clock_sees_to_that_after_the_last_request_is_over_and_until_it_is_done(identity):
    person_id = await erased(identity)
    facts = itertools.count(1)

    def then(row, event):
        recorded = identity.log.recorded[-1]
        return forget(person_id, row, type(recorded)(next(facts), person_id, 1, event, None, NOON))

    due = then(None, UserErased(user_id=person_id, erased_at=NOON))
    assert due.command == ForgetPerson(user_id=person_id)
    assert NOON + timedelta(seconds=1) < due.due_at < NOON + timedelta(seconds=30)
    assert then(due, UserForgotten(user_id=person_id)) is None


async def test_the_seed_of_the_second_factor_and_its_recovery_codes_go_at_once(identity):
    from tests.identity.http import client
    from tests.identity.second_factors import bearer

    async with client(identity) as http:
        await identity.register()
        answer = await http.post("/api/v1/auth/login", json={"email": "ada@example.org", "password": PASSWORD})
        await enable(http, bearer(answer), lambda: identity.time)
        assert {kind for kind, _ in identity.log.vault} >= {"totp", "recovery_codes"}
        person_id = UUID(answer.json()["user"]["id"])
        await identity.ask(EraseUser(user_id=person_id), caller(person_id))
        assert {kind for kind, _ in identity.log.vault} == {"refresh"}


async def test_who_am_i_of_an_erased_account_says_erased(identity):
    person_id = await erased(identity)
    shown, _ = await me(identity.log, PersonKeys(identity.log, identity.sealing), person_id, None, [])
    assert (shown.email, shown.name) == ("erased", "erased")
