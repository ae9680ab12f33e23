"""People who come from outside providers: found by issuer and subject, never by what they are called."""

import asyncio

import msgspec
import pytest

from application.identity.outside_identity import LinkIdentity, Proved, SignInOutside, UnlinkIdentity
from application.shared.context import Caller
from domain.identity.errors import AccountDisabled, EmailBlocked, EmailTaken, IdentityTaken, InvalidToken, LastWayIn, RegistrationClosed
from domain.identity.events import SessionsEnded, UserDisabled
from domain.shared.refused import NotFound
from tests.identity.small_daybook import NOON, Identity

ADA = Proved("other", "https://issuer.example.org", "ada-4711", "Ada@Example.org", "Ada Lovelace")


def but(**changed) -> Proved:
    return msgspec.structs.replace(ADA, **changed)


async def come(identity: Identity, who: Proved = ADA):
    return await identity.ask(SignInOutside(who=who))


def myself(signed_in) -> Caller:
    return Caller(signed_in.person.id, "user", signed_in.session_id)


async def test_a_new_person_has_an_account_with_a_verified_e_mail_and_no_password(identity):
    made = await come(identity)
    assert (made.person.email, made.person.name, made.person.role) == ("ada@example.org", "Ada Lovelace", "user")
    assert made.grant.methods == ("fed",)
    assert {"UserRegistered", "EmailVerified", "IdentityLinked", "SessionOpened"} <= set(identity.facts())
    assert (await come(identity)).person.id == made.person.id


async def test_ten_first_sign_ins_of_one_person_at_once_are_one_account(identity):
    answers = await asyncio.gather(*(come(identity) for _ in range(10)))
    assert len({answer.person.id for answer in answers}) == 1
    assert identity.facts().count("UserRegistered") == 1


@pytest.mark.parametrize("changed", [{"subject": "ada-4712"}, {"issuer": "https://other.example.org"}])
async def test_the_same_e_mail_is_not_the_same_person(identity, changed):
    first = await come(identity)
    with pytest.raises(EmailTaken):
        await come(identity, but(**changed))
    assert (await come(identity, but(**changed, email=None))).person.id != first.person.id


async def test_another_e_mail_or_name_is_the_same_person(identity):
    first = await come(identity)
    again = await come(identity, but(email="ada@another.example", name="Ada King"))
    assert (again.person.id, again.person.email) == (first.person.id, "ada@example.org")


@pytest.mark.parametrize(
    ("name", "shown"), [("", "Somebody from other"), ("\0", "Somebody from other"), ("x" * 201, "Somebody from other"), (" Ada ", "Ada")]
)
async def test_a_name_that_nobody_can_have_is_not_taken_over(identity, name, shown):
    assert (await come(identity, but(name=name))).person.name == shown


async def test_what_is_no_e_mail_is_left_out(identity):
    assert (await come(identity, but(email="no e-mail"))).person.email == ""


async def test_rules_of_registration_count_for_new_people_only(identity):
    known = await come(identity)
    identity.settings.registration_enabled = False
    with pytest.raises(RegistrationClosed):
        await come(identity, but(subject="new", email=None))
    assert (await come(identity)).person.id == known.person.id
    identity.settings.registration_enabled, identity.settings.email_blocked_domains = True, "blocked.example"
    with pytest.raises(EmailBlocked):
        await come(identity, but(subject="new", email="x@blocked.example"))


async def test_a_disabled_account_is_not_entered(identity):
    made = await come(identity)
    await identity.record(made.person.id, UserDisabled(user_id=made.person.id, disabled_at=NOON))
    with pytest.raises(AccountDisabled):
        await come(identity)


async def test_an_identity_is_linked_once_and_told_twice_nothing_new_happens(identity):
    ada, eve = await identity.register(), await identity.register("eve@example.org")
    wish = LinkIdentity(user_id=ada.person.id, session_id=ada.session_id, who=ADA)
    for _ in range(2):
        await identity.ask(wish)
    assert identity.facts().count("IdentityLinked") == 1
    with pytest.raises(IdentityTaken):
        await identity.ask(LinkIdentity(user_id=eve.person.id, session_id=eve.session_id, who=ADA))
    assert (await come(identity)).person.id == ada.person.id


async def test_nothing_is_linked_for_sessions_that_were_ended_together_or_are_of_others(identity):
    ada, eve = await identity.register(), await identity.register("eve@example.org")
    with pytest.raises(InvalidToken):
        await identity.ask(LinkIdentity(user_id=ada.person.id, session_id=eve.session_id, who=ADA))
    await identity.record(ada.person.id, SessionsEnded(user_id=ada.person.id, ended_at=NOON, reason="logged_out"))
    with pytest.raises(InvalidToken):
        await identity.ask(LinkIdentity(user_id=ada.person.id, session_id=ada.session_id, who=ADA))
    assert "IdentityLinked" not in identity.facts()


async def test_who_unlinks_must_have_another_way_in(identity):
    ada, only = await identity.register("first@example.org"), await come(identity)
    await identity.ask(LinkIdentity(user_id=ada.person.id, session_id=ada.session_id, who=but(subject="else")))
    await identity.ask(UnlinkIdentity(provider="other"), myself(ada))
    with pytest.raises(NotFound):
        await identity.ask(UnlinkIdentity(provider="other"), myself(ada))
    with pytest.raises(LastWayIn):
        await identity.ask(UnlinkIdentity(provider="other"), myself(only))
    await identity.ask(LinkIdentity(user_id=only.person.id, session_id=only.session_id, who=but(provider="third", issuer="https://third.example")))
    await identity.ask(UnlinkIdentity(provider="other"), myself(only))
    assert (await come(identity, but(email=None))).person.id != only.person.id


async def test_no_subject_is_in_the_log_in_clear(identity):
    await come(identity)
    written = msgspec.json.encode([recorded.event for recorded in identity.log.recorded]).decode()
    assert "https://issuer.example.org" in written
    assert "ada-4711" not in written
    assert "Lovelace" not in written
