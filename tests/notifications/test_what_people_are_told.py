"""Which facts lead to a mail, to which address, with which words and link."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from application.notifications.note_texts import NOTES
from application.notifications.reactions import INVITATIONS, TOLD
from application.notifications.texts import TEXTS
from application.shared.link_token import LinkToken
from domain.identity import events as e
from domain.identity.events import Sealed
from domain.notifications.kind import ALWAYS_MAILED, Kind
from domain.notifications.template import Template
from domain.shared.event import BY_CLASS
from infra.serialization import mapper
from tests.identity.small_daybook import NOON
from tests.notifications.world import ADDRESS

REQUEST = UUID(int=77)
LATER = NOON + timedelta(hours=1)
SESSION = UUID(int=78)


async def test_a_link_that_proves_the_present_address_goes_there(post):
    await post.somebody()
    await post.happens(e.EmailVerificationAsked(user_id=post.person, request_id=REQUEST, email=post.sealed("ada@example.org"), expires_at=LATER))
    (letter,) = post.mail.sent
    assert (letter.to, letter.subject) == ("ada@example.org", "Confirm your e-mail address")
    assert token_in(letter, "verify-email", post) == LinkToken("verify-email", post.person, REQUEST)


async def test_a_link_that_proves_a_new_address_goes_to_the_new_one_with_other_words(post):
    await post.somebody()
    await post.happens(e.EmailVerificationAsked(user_id=post.person, request_id=REQUEST, email=post.sealed("ada@new.example"), expires_at=LATER))
    (letter,) = post.mail.sent
    assert (letter.to, letter.subject) == ("ada@new.example", "Confirm your new e-mail address")
    assert token_in(letter, "verify-email", post) == LinkToken("verify-email", post.person, REQUEST)


async def test_that_the_address_changed_is_told_to_the_former_one_and_all_else_to_the_new_one(post):
    await post.somebody()
    await post.happens(e.EmailChanged(user_id=post.person, email=post.sealed("ada@new.example"), former=post.sealed("ada@example.org")))
    await post.happens(e.PasswordChanged(user_id=post.person, changed_at=NOON))
    assert [(letter.to, letter.subject) for letter in post.mail.sent] == [
        ("ada@example.org", "Your e-mail address was changed"),
        ("ada@new.example", "Your password was changed"),
    ]


async def test_a_forgotten_password_brings_a_link_of_its_own_purpose(post):
    await post.somebody()
    await post.happens(e.PasswordResetAsked(user_id=post.person, request_id=REQUEST, expires_at=LATER))
    (letter,) = post.mail.sent
    assert (letter.to, letter.subject) == ("ada@example.org", "Choose a new password")
    assert token_in(letter, "reset-password", post) == LinkToken("reset-password", post.person, REQUEST)
    assert LinkToken.parse("verify-email", link(letter)[1], post.sealing) is None


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        (lambda person: e.RegistrationRepeated(user_id=person, at=NOON), "You have an account already"),
        (lambda person: e.RefreshReuseDetected(session_id=SESSION, user_id=person, generation=1), "A session of yours was ended"),
        (lambda person: e.UserDisabled(user_id=person, disabled_at=NOON), "Your account was disabled"),
        (lambda person: e.TotpConfirmed(user_id=person, seed_id=SESSION, step=1), "Your second factor is on"),
        (lambda person: e.TotpDisabled(user_id=person), "Your second factor is off"),
        (lambda person: e.TotpReset(user_id=person), "Your second factor is off"),
        (lambda person: e.RecoveryCodeUsed(user_id=person, number=0, left=9), "A recovery code was used"),
    ],
)
async def test_what_concerns_the_safety_of_an_account_is_told_to_its_address(post, event, subject):
    await post.somebody()
    await post.happens(event(post.person), SESSION if "session" in subject else post.person)
    (letter,) = post.mail.sent
    assert (letter.to, letter.subject) == ("ada@example.org", subject)


async def test_a_first_address_replaces_none_that_could_be_told(post):
    await post.somebody()
    await post.happens(e.EmailChanged(user_id=post.person, email=post.sealed("ada@new.example"), former=Sealed("")))
    assert post.mail.sent == post.mails() == []


async def test_an_account_without_an_address_is_told_nothing_and_nothing_waits(post):
    service = UUID(int=99)
    await post.record(service, e.UserRegistered(user_id=service, email=Sealed(""), name=Sealed("x")))
    await post.happens(e.UserDisabled(user_id=service, disabled_at=NOON), service)
    assert post.mail.sent == post.mails() == []


async def test_no_event_of_a_mail_holds_its_address_its_text_or_its_link(post):
    await post.somebody()
    await post.happens(e.PasswordResetAsked(user_id=post.person, request_id=REQUEST, expires_at=LATER))
    (letter,) = post.mail.sent
    kept = b"".join(mapper.encode(event)[1] for event in post.mails())
    for secret in (letter.to, link(letter)[1], letter.text):
        assert secret.encode() not in kept


async def test_a_fact_that_is_delivered_twice_is_told_once(post):
    await post.somebody()
    since = len(post.log.recorded)
    await post.happens(e.PasswordChanged(user_id=post.person, changed_at=NOON))
    await post.react(since)
    await post.react(since)
    assert len(post.mail.sent) == 1


def test_every_text_is_used_is_about_daybook_and_greets_nobody_by_name():
    news = {Template.NOTIFICATION, Template.DIGEST}
    assert set(TEXTS) == set(Template) - news
    assert set(TOLD.values()) | set(INVITATIONS.values()) | {Template.CONFIRM_EMAIL} == set(Template) - news
    assert set(NOTES) == set(Kind) - ALWAYS_MAILED
    assert all("Daybook" in note.body for note in NOTES.values())
    assert all(kind in BY_CLASS for kind in TOLD)
    assert all("Daybook" in text.body and "{name}" not in text.body for text in TEXTS.values())
    assert all(("{link}" in text.body) == bool(text.purpose) for text in TEXTS.values())


def link(letter) -> tuple[str, str]:
    (found,) = re.findall(rf"^{re.escape(ADDRESS)}/([a-z-]+)#token=(\S+)$", letter.text, re.MULTILINE)
    return found


def token_in(letter, page, post) -> LinkToken | None:
    assert link(letter)[0] == page
    return LinkToken.parse(page, link(letter)[1], post.sealing)
