"""Changing a password, and keeping it at the cost of today."""

import asyncio

import pytest

from application.identity.password import ChangePassword
from application.identity.session import LogOut
from application.identity.standing import Standing
from application.identity.typed import Typed
from application.shared.context import Caller
from domain.identity.errors import InvalidCredentials, InvalidPassword, InvalidToken, PasswordsDiffer, PasswordTooCommon, PasswordUnchanged
from domain.identity.events import PasswordChanged
from domain.shared.refused import InsufficientScope
from infra.security.passwords import BcryptPasswords
from infra.security.secret_keys import SubKeys
from tests.identity.accounts import caller
from tests.identity.small_daybook import PASSWORD, Identity
from tests.identity.test_standing import claims

NEW = "another garden of paths"


async def change(identity: Identity, who: Caller, old: str = PASSWORD, new: str = NEW) -> None:
    await identity.ask(ChangePassword(old=Typed(old), new=Typed(new)), who)


async def test_the_new_password_counts_and_the_old_one_does_not(identity):
    await change(identity, caller(await identity.register()))
    with pytest.raises(InvalidCredentials):
        await identity.log_in()
    assert (await identity.log_in(password=NEW)).person.email == "ada@example.org"


async def test_a_change_ends_all_other_sessions_within_a_second_and_spares_the_callers(identity):
    mine = await identity.register()
    others, standing = [await identity.log_in() for _ in range(2)], Standing(identity.log)
    for one in (mine, *others):
        await standing.caller(claims(one))
    identity.later(1)
    await change(identity, caller(mine))
    changed = identity.log.recorded[-1].event
    assert changed == PasswordChanged(user_id=mine.person.id, changed_at=identity.time, spared=mine.session_id)
    identity.later(1)
    assert (await standing.caller(claims(mine))).session_id == mine.session_id
    await identity.refresh(mine.refresh_token)
    for one in others:
        with pytest.raises(InvalidToken):
            await standing.caller(claims(one))
        with pytest.raises(InvalidToken):
            await identity.refresh(one.refresh_token)


async def test_a_wrong_old_password_changes_nothing_and_counts_as_an_attempt(identity):
    ada = caller(await identity.register())
    with pytest.raises(InvalidCredentials):
        await change(identity, ada, old="guess after guess")
    assert sum(identity.attempts.counted.values()) == 1
    assert (await identity.log_in()).person.id == ada.id


@pytest.mark.parametrize(("new", "refusal"), [(PASSWORD, PasswordUnchanged), ("short", InvalidPassword), ("Password123", PasswordTooCommon)])
async def test_a_new_password_must_be_new_and_fit_the_rules(identity, new, refusal):
    ada, before = caller(await identity.register()), identity.facts()
    with pytest.raises(refusal) as refused:
        await change(identity, ada, new=new)
    assert [error["pointer"] for error in refused.value.facts.get("errors", [])] in ([], ["/new_password"])
    assert identity.facts() == before


def test_a_password_typed_twice_must_be_the_same():
    assert Typed.repeated(NEW, NEW).text == Typed.repeated(NEW, None).text == NEW
    for again in ("", NEW + " ", NEW.upper()):
        with pytest.raises(PasswordsDiffer):
            Typed.repeated(NEW, again)


async def test_a_session_that_has_ended_cannot_be_spared_back_to_life(identity):
    mine, other = await identity.register(), await identity.log_in()
    await change(identity, caller(other))
    with pytest.raises(InvalidToken):
        await change(identity, caller(mine), old=NEW, new=PASSWORD)
    await identity.ask(LogOut(session_id=other.session_id))
    with pytest.raises(InvalidToken):
        await change(identity, caller(other), old=NEW, new=PASSWORD)


async def test_a_key_or_a_program_changes_no_password(identity):
    ada = caller(await identity.register())
    with pytest.raises(InsufficientScope):
        await change(identity, Caller(ada.id, "user", ada.session_id, scopes=frozenset({"self:*"})))


class Slow:
    """Passwords whose comparing waits until the test lets it go."""

    def __init__(self, inner) -> None:
        self.inner, self.gate, self.begun = inner, asyncio.Event(), asyncio.Event()
        self.hash, self.is_common, self.needs_rehash = inner.hash, inner.is_common, inner.needs_rehash

    async def verify(self, password: str, hashed: bytes | None) -> bool:
        self.begun.set()
        await self.gate.wait()
        return await self.inner.verify(password, hashed)


async def test_a_sign_in_that_was_under_way_with_the_old_password_gets_nobody_in(identity):
    ada = caller(await identity.register())
    quick, slow = identity.dispatch._passwords, Slow(identity.passwords)
    identity.dispatch._passwords = slow
    under_way = asyncio.ensure_future(identity.log_in())
    await slow.begun.wait()
    identity.dispatch._passwords = quick
    identity.later(0.1)
    await change(identity, ada)
    slow.gate.set()
    with pytest.raises(InvalidCredentials):
        await under_way


async def test_a_sign_in_with_the_old_password_that_comes_first_while_the_new_one_is_hashed_is_ended_by_the_change(identity):
    ada, hashing = caller(await identity.register()), asyncio.Event()
    gate, quick = asyncio.Event(), identity.passwords.hash

    async def slowly(password: str) -> bytes:
        hashing.set()
        await gate.wait()
        return await quick(password)

    identity.passwords.hash = slowly
    changing = asyncio.ensure_future(change(identity, ada))
    await hashing.wait()
    identity.later(0.1)
    late = await identity.log_in()
    identity.later(0.1)
    gate.set()
    await changing
    identity.later(1)
    with pytest.raises(InvalidToken):
        await Standing(identity.log).caller(claims(late))


def other_cost(cost: int) -> BcryptPasswords:
    return BcryptPasswords(SubKeys.of(b"s" * 32).pepper, cost)


async def test_a_password_kept_at_another_cost_is_hashed_anew_at_the_next_sign_in_and_only_then(identity):
    user_id = (await identity.register()).person.id
    old = identity.log.vault["password", user_id]
    identity.dispatch._passwords = stronger = other_cost(5)
    with pytest.raises(InvalidCredentials):
        await identity.log_in(password=NEW)
    assert identity.log.vault["password", user_id] == old
    await identity.log_in()
    kept = identity.sealing.open("password", user_id, identity.log.vault["password", user_id])
    assert kept.startswith(b"$2b$05$")
    await identity.log_in()
    assert identity.facts().count("PasswordRehashed") == 1
    assert identity.sealing.open("password", user_id, identity.log.vault["password", user_id]) == kept
    stronger.stop()


async def test_hashing_anew_never_brings_an_old_password_back(identity):
    ada = caller(await identity.register())
    stronger, hashing, gate = other_cost(5), asyncio.Event(), asyncio.Event()
    quick = stronger.hash

    async def slowly(password: str) -> bytes:
        if password == PASSWORD:
            hashing.set()
            await gate.wait()
        return await quick(password)

    stronger.hash = slowly
    identity.dispatch._passwords = stronger
    under_way = asyncio.ensure_future(identity.log_in())
    await hashing.wait()
    await change(identity, ada)
    gate.set()
    with pytest.raises(InvalidCredentials):
        await under_way
    assert (await identity.log_in(password=NEW)).person.id == ada.id
    stronger.stop()
