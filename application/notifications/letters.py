"""Making the letter of a mail at the moment it is sent: nothing of its words or its link is kept."""

from datetime import datetime
from typing import Final

from application.notifications import note_texts, preferences
from application.notifications.policy import policy
from application.notifications.texts import TEXTS, written
from application.shared.link_token import LinkToken
from application.shared.outside import Letter
from application.shared.ports import Ports
from domain.notifications.events import MailQueued, NotificationCreated
from domain.notifications.notification import Notification
from domain.notifications.preferences import Preferences, preferences_id
from domain.notifications.template import Template

NEWS: Final = frozenset({Template.NOTIFICATION, Template.DIGEST})


async def letter(ports: Ports, queued: MailQueued, to: str) -> Letter | None:
    """The letter to this address; None where it is about what its person deleted, or does not want by mail any more."""
    if queued.template in NEWS:
        return await _news(ports, queued, to)
    token, purpose = "", TEXTS[queued.template].purpose
    if purpose and queued.request_id is not None:
        token = LinkToken(purpose, queued.user_id, queued.request_id).text(ports.sealing)
    subject, text = written(queued.template, address=policy(ports).address, token=token)
    return Letter(queued.mail_id.hex, to, subject, text)


async def may_go(ports: Ports, queued: MailQueued) -> datetime:
    """From when on this mail may go: at once, or after the quiet hours of its person where it is about notifications."""
    if queued.template not in NEWS:
        return ports.now
    quiet = (await ports.log.load(Preferences, preferences_id(queued.user_id))).choices.quiet_hours
    return ports.now if quiet is None else quiet.over(ports.now)


async def _news(ports: Ports, queued: MailQueued, to: str) -> Letter | None:
    told = await _wanted(ports, queued)
    if not told:
        return None
    address = policy(ports).address
    what = preferences.EVERYTHING if queued.template is Template.DIGEST else told[0].kind.value
    off = preferences.link(ports, address, what, queued.user_id, queued.mail_id)
    if queued.template is Template.DIGEST:
        subject, text = note_texts.digest(told, queued.more, address=address, off=off)
    else:
        subject, text = note_texts.note(told[0], address=address, off=off)
    return Letter(queued.mail_id.hex, to, subject, text, unsubscribe=off)


async def _wanted(ports: Ports, queued: MailQueued) -> list[NotificationCreated]:
    choices = (await ports.log.load(Preferences, preferences_id(queued.user_id))).choices
    found = await ports.log.load_many(Notification, queued.notification_ids)
    return [one.told for one in found if one.told is not None and choices.wants_mail(one.told.kind)]
