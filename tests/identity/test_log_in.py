"""Signing in."""

from datetime import timedelta

import pytest

from application.identity.typed import Typed
from domain.identity.errors import AccountDisabled, EmailTaken, InvalidCredentials
from domain.identity.events import UserDisabled, UserEnabled
from tests.identity.small_daybook import NOON, PASSWORD, Identity


class Counting:
    """Passwords that count their slow work, and may take time."""

    def __init__(self, identity_time=lambda: None) -> None:
        self.slow: list[tuple[str, bool]] = []
        self.takes = identity_time

    async def hash(self, password: str) -> bytes:
        self.slow.append(("hash", True))
        self.takes()
        return b"#" + password.encode()

    async def verify(self, password: str, hashed: bytes | None) -> bool:
        self.slow.append(("verify", hashed is not None))
        self.takes()
        return hashed == b"#" + password.encode()

    def is_common(self, password: str) -> bool:  # noqa: ARG002 — here none is.
        return False

    def needs_rehash(self, hashed: bytes) -> bool:  # noqa: ARG002 — here none does.
        return False


async def test_the_right_password_opens_a_session_of_its_own_each_time(identity):
    registered = await identity.register()
    first, second = await identity.log_in(" ADA@example.ORG"), await identity.log_in()
    assert first.person == second.person == registered.person
    assert len({registered.session_id, first.session_id, second.session_id}) == 3


async def test_an_unknown_account_and_a_wrong_password_are_refused_alike_after_the_same_work():
    identity = Identity(Counting())
    await identity.register()
    identity.passwords.slow.clear()
    told = []
    for email, password in (("ada@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("not an e-mail", ""), ("\0", "\0")):
        with pytest.raises(InvalidCredentials) as refused:
            await identity.log_in(email, password)
        told.append((refused.value.detail, refused.value.facts))
    assert [kind for kind, _ in identity.passwords.slow] == ["verify"] * 4
    assert told == [told[0]] * 4


async def test_a_disabled_account_is_told_so_only_after_its_password(identity):
    user_id = (await identity.register()).person.id
    await identity.record(user_id, UserDisabled(user_id=user_id))
    with pytest.raises(InvalidCredentials):
        await identity.log_in(password="guess after guess")
    with pytest.raises(AccountDisabled):
        await identity.log_in()
    await identity.record(user_id, UserEnabled(user_id=user_id))
    assert (await identity.log_in()).person.id == user_id


async def test_a_password_that_took_longer_than_a_decision_may_is_hashed_once():
    identity = Identity(Counting())
    late = iter([5.0])
    identity.passwords.takes = lambda: identity.later(next(late, 0))
    await identity.register()
    assert identity.time == NOON + timedelta(seconds=5)
    late = iter([5.0])
    await identity.log_in()
    assert [kind for kind, _ in identity.passwords.slow] == ["hash", "verify"]


async def test_an_email_that_is_taken_is_refused_before_the_slow_work():
    identity = Identity(Counting())
    await identity.register()
    with pytest.raises(EmailTaken):
        await identity.register()
    assert identity.passwords.slow == [("hash", True)]


async def test_who_has_lost_their_key_is_greeted_as_erased(identity):
    user_id = (await identity.register()).person.id
    del identity.log.vault["person_key", user_id]
    person = (await identity.log_in()).person
    assert (person.name, person.email) == ("erased", "erased")


def test_a_typed_password_never_shows_itself():
    assert PASSWORD not in f"{Typed(PASSWORD)!r} {Typed(PASSWORD)}"
