"""A mail is tried until the server takes it, with growing pauses, and has one Message-ID whatever happens."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from application.notifications.mail import SendMail
from application.shared.context import SYSTEM
from application.shared.outside import MailDelayed, MailRefused
from domain.identity.events import PasswordChanged, PasswordResetAsked, UserErased
from domain.notifications.errors import MailNotDue
from domain.notifications.events import MailDeferred, MailFailed, MailQueued, MailSent
from domain.notifications.mail import PAUSES, Mail
from domain.notifications.template import Template
from tests.identity.small_daybook import NOON
from tests.scenario import given

QUEUED = MailQueued(mail_id=UUID(int=5), template=Template.PASSWORD_CHANGED, user_id=UUID(int=6), to="…")
MAIL = Mail(id=UUID(int=5))


async def changed(post) -> None:
    await post.somebody()
    await post.happens(PasswordChanged(user_id=post.person, changed_at=NOON))


async def test_a_mail_the_server_takes_is_sent_and_over(post):
    await changed(post)
    queued, sent = post.mails()
    assert (type(queued), type(sent), sent.attempt) == (MailQueued, MailSent, 1)
    assert post.mail.sent[0].id == queued.mail_id.hex


async def test_a_delayed_mail_is_tried_again_after_its_pause_under_the_same_id(post):
    post.mail.failures = [MailDelayed("SMTP 451")]
    await changed(post)
    assert [type(event) for event in post.mails()] == [MailQueued, MailDeferred]
    assert post.mails()[-1].error == "SMTP 451"
    post.later(59)
    await post.tick()
    assert post.mail.sent == []
    post.later(1)
    await post.tick()
    assert [type(event) for event in post.mails()] == [MailQueued, MailDeferred, MailQueued, MailSent]
    assert post.mail.sent[0].id == post.mails()[0].mail_id.hex
    assert [event.attempt for event in post.mails()] == [1, 1, 2, 2]


async def test_the_pauses_grow_from_a_minute_to_six_hours_and_then_it_is_given_up(post):
    assert list(PAUSES) == sorted(PAUSES)
    assert (PAUSES[0], PAUSES[-1], len(PAUSES)) == (timedelta(minutes=1), timedelta(hours=6), 9)
    post.mail.failures = [MailDelayed("SMTP 451") for _ in range(20)]
    await changed(post)
    for pause in PAUSES:
        post.later(pause.total_seconds())
        await post.tick()
    assert [event.attempt for event in post.mails() if isinstance(event, MailQueued)] == list(range(1, 11))
    assert isinstance(post.mails()[-1], MailFailed)
    post.later(10**6)
    await post.tick()
    assert len(post.mail.failures) == 10


async def test_a_refused_mail_is_never_tried_again(post):
    post.mail.failures = [MailRefused("SMTP 550")]
    await changed(post)
    assert [type(event) for event in post.mails()] == [MailQueued, MailFailed]
    post.later(10**6)
    await post.tick()
    assert post.mail.sent == []


async def test_an_erased_person_is_sent_nothing(post):
    await post.somebody()
    since = len(post.log.recorded)
    await post.record(post.person, PasswordChanged(user_id=post.person, changed_at=NOON))
    await post.record(post.person, UserErased(user_id=post.person, erased_at=NOON))
    await post.react(since)
    assert post.mail.sent == []
    assert post.mails()[-1].error == "the person was erased"


async def test_without_the_persons_key_nothing_is_sent(post):
    await post.somebody()
    since = len(post.log.recorded)
    await post.record(post.person, PasswordChanged(user_id=post.person, changed_at=NOON))
    del post.log.vault["person_key", post.person]
    await post.react(since)
    assert post.mail.sent == []
    assert isinstance(post.mails()[-1], MailFailed)


async def test_a_link_that_ran_out_while_the_server_was_away_is_not_sent_any_more(post):
    await post.somebody()
    post.mail.failures = [MailDelayed("ConnectionRefusedError")]
    until = NOON + timedelta(seconds=60)
    await post.happens(PasswordResetAsked(user_id=post.person, request_id=UUID(int=7), expires_at=until))
    post.later(60)
    await post.tick()
    assert post.mail.sent == []
    assert post.mails()[-1].error == "its link ran out"


async def test_a_process_killed_between_the_servers_word_and_the_log_sends_the_same_mail_again(post):
    await post.somebody()
    since, append = len(post.log.recorded), post.log.append
    await post.record(post.person, PasswordChanged(user_id=post.person, changed_at=NOON))

    async def killed(entry):
        if any(isinstance(staged.event, MailSent) for staged in entry.events):
            raise asyncio.CancelledError
        return await append(entry)

    post.log.append = killed
    with pytest.raises(asyncio.CancelledError):
        await post.react(since)
    post.log.append = append
    await post.react(since)
    assert len(post.mail.sent) == 2
    assert len({letter.id for letter in post.mail.sent}) == 1
    assert [type(event) for event in post.mails()] == [MailQueued, MailSent]


async def test_a_mail_server_that_takes_its_time_gets_the_mail_once(post):
    await post.somebody()
    send = post.mail.send

    async def slowly(letter):
        post.later(9)  # Longer than a decision may take: the log asks to decide again.
        await send(letter)

    post.mail.send = slowly
    await post.happens(PasswordChanged(user_id=post.person, changed_at=NOON))
    assert [type(event) for event in post.mails()] == [MailQueued, MailSent]
    assert len(post.mail.sent) == 1


async def test_only_the_attempt_that_waits_is_made(post):
    await changed(post)
    for attempt in (1, 2):
        await post.ask(SendMail(mail_id=post.mails()[0].mail_id, attempt=attempt), SYSTEM)
    assert len(post.mail.sent) == 1
    given(MAIL.after(QUEUED, MailDeferred(mail_id=MAIL.id, attempt=1, retry_at=NOON, error=""))).when(
        lambda mail: mail.try_again(1, NOON - timedelta(seconds=1))
    ).refused(MailNotDue)
    given(MAIL.after(QUEUED, MailSent(mail_id=MAIL.id, attempt=1))).when(lambda mail: mail.try_again(1, NOON)).nothing()
