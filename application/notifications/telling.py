"""Telling people something: as they prefer, stored first; everything else (mail, live updates) follows from what is stored."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from application.notifications.policy import policy
from application.shared.ports import Ports
from domain.identity.events import Sealed
from domain.notifications.choices import Way
from domain.notifications.events import NotificationCreated
from domain.notifications.kind import PRIORITIES, Kind
from domain.notifications.mail import Mail
from domain.notifications.notification import Notification
from domain.notifications.preferences import Bundle, Preferences, bundle_id, preferences_id
from domain.notifications.recipient import Recipient

NOWHERE: Final = Sealed("")
LONGEST_TITLE: Final = 300


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is told: the fields of `NotificationCreated` that do not depend on whom."""

    kind: Kind
    title: str
    change: str | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    actor_id: UUID | None = None
    task_id: UUID | None = None
    project_id: UUID | None = None
    comment_id: UUID | None = None


async def tell(ports: Ports, people: Iterable[UUID], news: News) -> None:
    """Stage everything that follows for these people, but `actor_id`: nothing for programs, nodes and those who do not want to know.

    Told exactly once, however often the event behind it is delivered: the command's id follows from the event, and all is one append.
    """
    told = sorted(set(people) - {news.actor_id}, key=str)
    recipients = await ports.log.load_many(Recipient, told)
    preferences = await ports.log.load_many(Preferences, [preferences_id(user_id) for user_id in told])
    for recipient, preferred in zip(recipients, preferences, strict=True):
        if recipient.is_told:
            await _tell(ports, recipient, preferred.choices.way(news.kind, ports.now), news)


async def _tell(ports: Ports, recipient: Recipient, way: Way, news: News) -> None:
    to = recipient.email or NOWHERE
    if to == NOWHERE:
        way = Way(in_app=way.in_app, mail=False)
    if not way:
        return
    notification_id = store(ports, recipient.id, news, way)
    if way.mail:
        await _mail(ports, recipient.id, notification_id, way, to)


def store(ports: Ports, user_id: UUID, news: News, way: Way) -> UUID:
    """Stage the notification itself; its id."""
    notification_id = ports.new_id()
    created = NotificationCreated(
        notification_id=notification_id,
        user_id=user_id,
        kind=news.kind,
        priority=PRIORITIES[news.kind],
        title=news.title[:LONGEST_TITLE],
        created_at=ports.now,
        expires_at=ports.now + timedelta(seconds=policy(ports).notification_lifetime),
        change=news.change,
        facts=msgspec.to_builtins(news.facts),
        actor_id=news.actor_id,
        task_id=news.task_id,
        project_id=news.project_id,
        comment_id=news.comment_id,
        in_app=way.in_app,
        mail=way.mail,
    )
    ports.log.stage(Notification(id=notification_id), created)
    return notification_id


async def _mail(ports: Ports, user_id: UUID, notification_id: UUID, way: Way, to: Sealed) -> None:
    if way.in_digest and way.mail_at is not None:
        bundle = await ports.log.load(Bundle, bundle_id(user_id))
        ports.log.stage(bundle, *bundle.collect(user_id, notification_id, way.mail_at))
        return
    mail_id = ports.new_id()
    if way.mail_at is None:
        facts = Mail.tell(mail_id, user_id, to, (notification_id,))
    else:
        facts = Mail.tell_later(mail_id, user_id, notification_id, way.mail_at)
    ports.log.stage(Mail(id=mail_id), *facts)
