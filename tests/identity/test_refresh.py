"""Staying signed in: rotation, reuse, grace (security.md 4; RFC 9700, 4.14)."""

import asyncio
import hashlib

import pytest

from application.identity.refresh_token import RefreshToken
from application.identity.session import LogOut
from domain.identity.errors import AccountDisabled, InvalidToken, RefreshReused, TokenExpired
from domain.identity.events import RoleGranted, RoleRevoked, UserDisabled
from domain.identity.role import Role
from domain.shared.refused import Unauthenticated
from tests.identity.small_daybook import GRACE, LIFETIME


async def test_a_refresh_token_gives_a_new_one_each_time(identity):
    signed_in = await identity.register()
    seen = [signed_in.refresh_token]
    for _ in range(4):
        identity.later(600)
        again = await identity.refresh(seen[-1])
        assert (again.person, again.session_id) == (signed_in.person, signed_in.session_id)
        seen.append(again.refresh_token)
    assert len(set(seen)) == 5
    assert identity.facts().count("SessionRefreshed") == 4


async def test_a_spent_token_ends_the_session_and_that_is_recorded(identity):
    first = (await identity.register()).refresh_token
    second = (await identity.refresh(first)).refresh_token
    identity.later(GRACE + 1)
    with pytest.raises(RefreshReused):
        await identity.refresh(first)
    assert identity.facts()[-2:] == ["RefreshReuseDetected", "SessionEnded"]
    assert not [kind for kind, _ in identity.log.vault if kind == "refresh"]
    for token in (first, second):
        with pytest.raises(InvalidToken):
            await identity.refresh(token)


async def test_a_token_spent_long_ago_ends_the_session_too(identity):
    tokens = [(await identity.register()).refresh_token]
    for _ in range(50):
        tokens.append((await identity.refresh(tokens[-1])).refresh_token)
    with pytest.raises(RefreshReused):
        await identity.refresh(tokens[3])
    with pytest.raises(InvalidToken):
        await identity.refresh(tokens[-1])


async def test_a_lost_answer_is_given_again_word_for_word_within_the_grace(identity):
    first = (await identity.register()).refresh_token
    answers = [(await identity.refresh(first)).refresh_token]
    for _ in range(3):
        identity.later(GRACE / 3)
        answers.append((await identity.refresh(first)).refresh_token)
    assert len(set(answers)) == 1
    assert identity.facts().count("SessionRefreshed") == 1
    await identity.refresh(answers[0])


async def test_the_grace_ends_when_the_successor_is_used(identity):
    first = (await identity.register()).refresh_token
    await identity.refresh((await identity.refresh(first)).refresh_token)
    with pytest.raises(RefreshReused):
        await identity.refresh(first)


async def test_without_grace_the_second_use_is_reuse(identity):
    identity.settings.refresh_grace_seconds = 0
    first = (await identity.register()).refresh_token
    await identity.refresh(first)
    identity.later(0.001)
    with pytest.raises(RefreshReused):
        await identity.refresh(first)


async def test_ten_refreshes_at_once_get_one_successor(identity):
    first = (await identity.register()).refresh_token
    identity.log._pause = lambda: asyncio.sleep(0)
    answers = await asyncio.gather(*(identity.refresh(first) for _ in range(10)))
    assert len({answer.refresh_token for answer in answers}) == 1
    assert identity.facts().count("SessionRefreshed") == 1


async def test_a_session_ends_after_its_lifetime_however_often_it_was_refreshed(identity):
    token = (await identity.register()).refresh_token
    identity.later(LIFETIME - 1)
    token = (await identity.refresh(token)).refresh_token
    identity.later(1)
    with pytest.raises(TokenExpired):
        await identity.refresh(token)


def tampered(token: str) -> list[str]:
    session, _, rest = token.partition(".")
    flipped = ["A" if character != "A" else "B" for character in rest]
    changed = [f"{session}.{rest[:at]}{flipped[at]}{rest[at + 1 :]}" for at in range(0, len(rest) - 1, 7)]
    return [
        *changed,
        session,
        rest,
        f"{session}.",
        "",
        ".",
        f"{session}.{rest}=",
        f"{session}. {rest}",
        token + "\0",
        token.upper(),
        "é.ü",
        "\ud800.x",
    ]


async def test_a_guess_is_refused_and_ends_nobodys_session(identity):
    token = (await identity.register()).refresh_token
    for guess in tampered(token):
        with pytest.raises(InvalidToken):
            await identity.refresh(guess)
    assert identity.facts()[-1] == "SessionOpened"
    await identity.refresh(token)


async def test_a_token_of_another_session_or_of_a_lost_future_is_refused(identity):
    mine, other = await identity.register(), await identity.register("bob@example.org")
    token = RefreshToken.parse(mine.refresh_token, identity.sealing)
    future = token.successor(identity.sealing).text(identity.sealing)
    foreign = RefreshToken(other.session_id, 1, token.random).text(identity.sealing)
    for wrong in (future, foreign):
        with pytest.raises(InvalidToken):
            await identity.refresh(wrong)
    assert "SessionEnded" not in identity.facts()


async def test_the_vault_keeps_sha_256_of_the_newest_token_and_of_the_one_before(identity):
    signed_in = await identity.register()
    second = (await identity.refresh(signed_in.refresh_token)).refresh_token
    kept = identity.sealing.open("refresh", signed_in.session_id, identity.log.vault["refresh", signed_in.session_id])
    newest = RefreshToken.parse(second, identity.sealing)
    assert len(kept) == 64
    assert kept[:32] == newest.digest == hashlib.sha256(signed_in.session_id.bytes + b"\0\0\0\2" + newest.random).digest()


async def test_signing_out_ends_the_session_once_by_either_token(identity):
    by_caller, by_refresh = await identity.register(), await identity.log_in()
    for _ in range(2):
        await identity.ask(LogOut(session_id=by_caller.session_id))
        await identity.ask(LogOut(refresh_token=by_refresh.refresh_token))
    assert identity.facts().count("SessionEnded") == 2
    assert "refresh" not in {kind for kind, _ in identity.log.vault}
    for token in (by_caller.refresh_token, by_refresh.refresh_token):
        with pytest.raises(InvalidToken):
            await identity.refresh(token)


async def test_a_disabled_account_is_not_kept_signed_in(identity):
    signed_in = await identity.register()
    await identity.record(signed_in.person.id, UserDisabled(user_id=signed_in.person.id))
    with pytest.raises(AccountDisabled):
        await identity.refresh(signed_in.refresh_token)
    assert "SessionRefreshed" not in identity.facts()


async def test_a_new_role_comes_with_the_next_refresh(identity):
    signed_in = await identity.register()
    user_id = signed_in.person.id
    await identity.record(user_id, RoleGranted(user_id=user_id, role=Role.ADMIN))
    promoted = await identity.refresh(signed_in.refresh_token)
    await identity.record(user_id, RoleRevoked(user_id=user_id, role=Role.ADMIN))
    demoted = await identity.refresh(promoted.refresh_token)
    assert (promoted.person.role, demoted.person.role) == (Role.ADMIN, Role.USER)


async def test_signing_out_needs_to_say_of_what(identity):
    with pytest.raises(Unauthenticated):
        await identity.ask(LogOut())
    with pytest.raises(InvalidToken):
        await identity.ask(LogOut(refresh_token="garbage"))
