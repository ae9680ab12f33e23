"""Mail about notifications: when it goes, what ends it, how one is rid of it, and that it is known what became of it."""

import re
from datetime import timedelta

import pytest

from application.notifications.mail import ReleaseMail
from application.notifications.notification import DeleteNotification, ExpireNotification
from application.notifications.preferences import ChangePreferences, TurnMailOff
from application.shared.context import ANONYMOUS, SYSTEM, Caller
from application.shared.outside import MailDelayed, MailRefused
from domain.identity.errors import InvalidLink
from domain.identity.events import EmailChanged, PasswordChanged
from domain.notifications.choices import Channels
from domain.notifications.errors import MailNotDue, NotExpired
from domain.notifications.events import DigestClosed, MailFailed, MailScheduled, MailSent, NotificationExpired
from domain.notifications.hours import Digest, Every, QuietHours
from domain.notifications.kind import Kind
from domain.notifications.preferences import LISTED
from domain.shared.refused import NotFound
from domain.tasks import events as e
from projections.notifications.notifications import NOTIFICATIONS
from tests.identity.small_daybook import NOON
from tests.scenario import folded

AT = NOON
NIGHT = QuietHours("11:00", "13:30")


@pytest.fixture
async def pair(post):
    return await post.people("ada", "bob")


async def given_a_task(post, pair, times: int = 1) -> None:
    ada, bob = pair
    for _ in range(times):
        await post.task(ada, e.TaskAssigneeAdded(at=AT, user_id=bob), by=ada)


async def prefers(post, user_id, **choices) -> None:
    await post.ask(ChangePreferences(**choices), Caller(user_id, "user"))


def delivery(post) -> list[str]:
    return [row.delivery for row in folded(NOTIFICATIONS, post.log.recorded).values()]


async def test_quiet_hours_delay_a_mail_and_drop_none(post, pair):
    await prefers(post, pair[1], quiet_hours=NIGHT)
    await given_a_task(post, pair, 2)
    assert post.mail.sent == []
    assert delivery(post) == ["pending", "pending"]
    (first, _) = [event for event in post.mails() if isinstance(event, MailScheduled)]
    assert first.due_at == NOON + timedelta(minutes=90)
    post.later(89 * 60)
    await post.tick()
    with pytest.raises(MailNotDue):
        await post.ask(ReleaseMail(mail_id=first.mail_id), SYSTEM)
    assert post.mail.sent == []
    post.later(60)
    await post.tick()
    await post.tick()
    assert len(post.mail.sent) == 2
    assert delivery(post) == ["delivered", "delivered"]


async def test_a_mail_that_is_tried_again_in_quiet_hours_waits_for_their_end(post, pair):
    await prefers(post, pair[1], quiet_hours=QuietHours("12:01", "13:30"))
    post.mail.failures = [MailDelayed("SMTP 451")]
    await given_a_task(post, pair)
    post.later(60)
    await post.tick()
    assert (post.mail.sent, post.mails()[-1].error, post.mails()[-1].retry_at) == ([], "quiet hours", NOON + timedelta(minutes=90))
    post.later(89 * 60)
    await post.tick()
    assert len(post.mail.sent) == 1


async def test_what_waited_goes_to_the_address_one_has_by_then(post, pair):
    _, bob = pair
    await prefers(post, bob, quiet_hours=NIGHT)
    await given_a_task(post, pair)
    await post.record(bob, EmailChanged(user_id=bob, email=post.sealed("bob@new.example", bob), former=post.sealed("bob@example.org", bob)))
    post.later(90 * 60)
    await post.tick()
    assert [letter.to for letter in post.mail.sent] == ["bob@new.example"]


async def test_security_is_told_at_once_whatever_the_hour(post, pair):
    _, bob = pair
    await prefers(post, bob, quiet_hours=NIGHT, digest=Digest(Every.WEEKLY))
    post.person = bob
    await post.happens(PasswordChanged(user_id=bob, changed_at=AT))
    (letter,) = post.mail.sent
    assert (letter.subject, letter.unsubscribe) == ("Your password was changed", "")
    (told,) = post.told(bob)
    assert (told.kind, told.title, delivery(post)) == (Kind.SECURITY, "Your password was changed", ["delivered"])


async def test_a_digest_is_one_mail_at_its_hour(post, pair):
    _, bob = pair
    await prefers(post, bob, digest=Digest(Every.DAILY, 18, time_zone="Europe/Berlin"))
    await given_a_task(post, pair, 3)
    post.later(5 * 3600 - 1)
    await post.tick()
    assert (post.mail.sent, delivery(post)) == ([], ["pending"] * 3)
    post.later(1)
    await post.tick()
    await post.tick()
    (letter,) = post.mail.sent
    assert letter.subject == "Daybook: 3 things happened"
    assert letter.text.count("Given to you: Sweep the yard") == 3
    assert delivery(post) == ["delivered"] * 3
    await given_a_task(post, pair)
    post.later(24 * 3600)
    await post.tick()
    assert post.mail.sent[1].subject == "Daybook: one thing happened"


async def test_a_digest_that_is_due_goes_when_it_was_said_with_all_that_came_since(post, pair):
    _, bob = pair
    await prefers(post, bob, digest=Digest(Every.DAILY, 18))
    await given_a_task(post, pair)
    await prefers(post, bob, digest=Digest(Every.DAILY, 20))
    await given_a_task(post, pair)
    post.later(6 * 3600)
    await post.tick()
    assert [letter.subject for letter in post.mail.sent] == ["Daybook: 2 things happened"]


async def test_a_digest_lists_so_many_and_counts_the_rest(post, pair):
    _, bob = pair
    await prefers(post, bob, digest=Digest(Every.DAILY, 18))
    await given_a_task(post, pair, LISTED + 5)
    post.later(6 * 3600)
    await post.tick()
    (letter,) = post.mail.sent
    assert letter.subject == f"Daybook: {LISTED + 5} things happened"
    assert "… and 5 more" in letter.text


async def test_a_digest_of_nothing_that_is_wanted_any_more_is_not_sent(post, pair):
    _, bob = pair
    await prefers(post, bob, digest=Digest(Every.DAILY, 18))
    await given_a_task(post, pair)
    await prefers(post, bob, muted=(Kind.TASK_ASSIGNED,))
    post.later(6 * 3600)
    await post.tick()
    assert post.mail.sent == []
    assert isinstance(post.mails()[-1], MailFailed)
    assert any(isinstance(one.event, DigestClosed) for one in post.log.recorded)


async def test_what_was_deleted_before_its_mail_went_is_not_mailed(post, pair):
    _, bob = pair
    await prefers(post, bob, quiet_hours=NIGHT)
    await given_a_task(post, pair)
    (told,) = post.told(bob)
    await post.ask(DeleteNotification(notification_id=told.notification_id), Caller(bob, "user"))
    post.later(90 * 60)
    await post.tick()
    assert (post.mail.sent, post.mails()[-1].error) == ([], "nobody wants it any more")


async def test_what_became_of_the_mail_is_seen_at_the_notification(post, pair):
    post.mail.failures = [MailDelayed("SMTP 451"), MailRefused("SMTP 550")]
    await given_a_task(post, pair)
    assert delivery(post) == ["pending"]
    post.later(60)
    await post.tick()
    assert delivery(post) == ["failed"]
    await given_a_task(post, pair)
    assert delivery(post) == ["failed", "delivered"]
    assert isinstance(post.mails()[-1], MailSent)


async def test_the_link_of_a_mail_turns_off_mails_of_its_kind_and_no_others(post, pair):
    ada, bob = pair
    await given_a_task(post, pair)
    what, token = re.search(r"/unsubscribe\?what=(\w+)&token=(\S+)$", post.mail.sent[0].unsubscribe).groups()
    assert post.mail.sent[0].unsubscribe in post.mail.sent[0].text
    for wrong in ({"what": "mention", "token": token}, {"what": what, "token": token[:-2]}, {"what": "everything", "token": token}):
        with pytest.raises(InvalidLink):
            await post.ask(TurnMailOff(**wrong), ANONYMOUS)
    before = len(post.log.recorded)
    for _ in range(2):
        await post.ask(TurnMailOff(what=what, token=token), ANONYMOUS)
    assert len(post.log.recorded) == before + 1
    await given_a_task(post, pair)
    assert (len(post.told(bob)), len(post.mail.sent)) == (2, 1)
    await post.task(bob, e.TaskBecameOverdue(at=AT, due_date=AT), by=ada)
    assert len(post.mail.sent) == 2


async def test_the_link_of_a_digest_turns_off_all_but_security(post, pair):
    _, bob = pair
    await prefers(post, bob, digest=Digest(Every.DAILY, 18))
    await given_a_task(post, pair)
    post.later(6 * 3600)
    await post.tick()
    what, token = re.search(r"/unsubscribe\?what=(\w+)&token=(\S+)$", post.mail.sent[0].unsubscribe).groups()
    assert what == "everything"
    await post.ask(TurnMailOff(what=what, token=token), ANONYMOUS)
    await given_a_task(post, pair)
    post.later(24 * 3600)
    await post.tick()
    assert len(post.mail.sent) == 1
    post.person = bob
    await post.happens(PasswordChanged(user_id=bob, changed_at=AT))
    assert len(post.mail.sent) == 2


async def test_what_is_only_mailed_is_not_shown(post, pair):
    _, bob = pair
    await prefers(post, bob, channels={Kind.TASK_ASSIGNED: Channels(in_app=False, mail=True)})
    await given_a_task(post, pair)
    assert (len(post.mail.sent), folded(NOTIFICATIONS, post.log.recorded)) == (1, {})
    with pytest.raises(NotFound):
        await post.ask(DeleteNotification(notification_id=post.told(bob)[0].notification_id), Caller(bob, "user"))


async def test_a_notification_is_shown_for_ninety_days(post, pair):
    await given_a_task(post, pair)
    (told,) = post.told()
    with pytest.raises(NotExpired):
        await post.ask(ExpireNotification(notification_id=told.notification_id), SYSTEM)
    post.later(90 * 86_400)
    await post.tick()
    await post.tick()
    assert folded(NOTIFICATIONS, post.log.recorded) == {}
    assert [type(one.event) for one in post.log.recorded].count(NotificationExpired) == 1
