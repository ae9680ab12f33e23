"""Queueing mails, sending them, and trying again what the mail server did not take."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from application.notifications.letters import letter, may_go
from application.notifications.telling import NOWHERE, News, store
from application.notifications.texts import TEXTS
from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.outside import Letter, MailDelayed, MailRefused
from application.shared.ports import Ports
from domain.identity.events import Sealed
from domain.notifications.choices import Way
from domain.notifications.events import MailDeferred, MailFailed, MailQueued, MailScheduled, MailSent
from domain.notifications.kind import Kind
from domain.notifications.mail import Mail
from domain.notifications.recipient import Recipient
from domain.notifications.template import Template
from domain.shared.event import Recorded

NOTICES: Final = frozenset(
    {
        Template.EMAIL_CHANGED,
        Template.PASSWORD_CHANGED,
        Template.SESSION_REUSED,
        Template.SECOND_FACTOR_ENABLED,
        Template.SECOND_FACTOR_DISABLED,
        Template.RECOVERY_CODE_USED,
    }
)
"""What concerns the security of an account is also shown in the app; preferences have no say in it."""


class Try:
    """One try to send, on its way through a command. Remembers how it went: a decision that took over 2 s is taken again
    (mechanisms A12), and nobody must get a mail once more because their mail server is slow.
    """

    __slots__ = ("_made", "_why")

    def __init__(self) -> None:
        self._made = False
        self._why: MailDelayed | MailRefused | None = None

    async def once(self, ports: Ports, letter: Letter) -> MailDelayed | MailRefused | None:
        """Why the letter was not taken; None when it was."""
        if not self._made:
            try:
                await ports.outside.mail.send(letter)
            except (MailDelayed, MailRefused) as why:
                self._why = why
            self._made = True
        return self._why


class QueueMail(Command, frozen=True):
    """Tell somebody something by mail: at their present address, unless `to` says another one."""

    template: Template
    user_id: UUID
    to: Sealed | None = None
    request_id: UUID | None = None
    expires_at: datetime | None = None


class SendMail(Command, frozen=True):
    """Make this attempt to send a mail."""

    mail_id: UUID
    attempt: int
    one: Try = msgspec.field(default_factory=Try)


class SendMailAgain(Command, frozen=True):
    """The pause after this attempt may be over."""

    mail_id: UUID
    attempt: int


class ReleaseMail(Command, frozen=True):
    """The quiet hours that this mail waits for may be over."""

    mail_id: UUID


@handles(QueueMail)
async def queue_mail(command: QueueMail, ports: Ports) -> Mail | None:
    """A link for the address one has, and one for the address one wants, come with different words; who has none is told nothing."""
    recipient = await ports.log.load(Recipient, command.user_id)
    template, to = command.template, command.to or recipient.email or NOWHERE
    if to == NOWHERE == recipient.email:
        return None
    if template is Template.VERIFY_EMAIL and await _clear(ports, command.user_id, to) != await _clear(ports, command.user_id, recipient.email):
        template = Template.CONFIRM_EMAIL
    about: tuple[UUID, ...] = ()
    if template in NOTICES:
        news = News(kind=Kind.SECURITY, title=TEXTS[template].subject, change=template.value)
        about = (store(ports, command.user_id, news, Way(in_app=True, mail=True)),)
    mail_id = ports.new_id()
    facts = Mail.queue(mail_id, template, command.user_id, to, command.request_id, command.expires_at, about)
    return ports.log.stage(Mail(id=mail_id), *facts)


@handles(SendMail)
async def send_mail(command: SendMail, ports: Ports) -> Mail:
    """Told twice, nothing new happens; only where the log did not learn of a mail that went out, it goes once more, as the same one."""
    mail = await ports.log.load(Mail, command.mail_id)
    queued = mail.queued
    if queued is None or not mail.is_to_be_sent(command.attempt):
        return mail
    text = await _letter(ports, queued)
    if isinstance(text, str):
        return await ports.log.change(Mail, mail.id, lambda mail: mail.fail(text))
    quiet_until = await may_go(ports, queued)
    if quiet_until > ports.now:  # It was tried before these began.
        return await ports.log.change(Mail, mail.id, lambda mail: mail.rest(quiet_until))
    match await command.one.once(ports, text):
        case None:
            return await ports.log.change(Mail, mail.id, Mail.sent)
        case MailDelayed() as why:
            return await ports.log.change(Mail, mail.id, lambda mail: mail.defer(str(why), ports.now))
        case MailRefused() as why:
            return await ports.log.change(Mail, mail.id, lambda mail: mail.fail(str(why)))


@handles(SendMailAgain)
async def send_mail_again(command: SendMailAgain, ports: Ports) -> Mail:
    """Raises `MailNotDue`, `NotFound`."""
    return await ports.log.change(Mail, command.mail_id, lambda mail: mail.try_again(command.attempt, ports.now))


@handles(ReleaseMail)
async def release_mail(command: ReleaseMail, ports: Ports) -> Mail:
    """To the address its person has by then. Raises `MailNotDue`, `NotFound`."""
    mail = await ports.log.load(Mail, command.mail_id)
    to = (await ports.log.load(Recipient, mail.scheduled.user_id)).email if mail.scheduled is not None else None
    return await ports.log.change(Mail, mail.id, lambda mail: mail.release(to or None, ports.now))


@deadline("notifications.retry", MailScheduled, MailQueued, MailSent, MailDeferred, MailFailed)
def retry(mail_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """What the mail server did not take is tried again after its pause; what came in quiet hours goes after them."""
    match recorded.event:
        case MailDeferred(retry_at=at, attempt=attempt):
            return Deadline(at, SendMailAgain(mail_id=mail_id, attempt=attempt))
        case MailScheduled(due_at=at):
            return Deadline(at, ReleaseMail(mail_id=mail_id))
    return None


async def _letter(ports: Ports, queued: MailQueued) -> Letter | str:
    """The letter, or why there is none."""
    if queued.expires_at is not None and ports.now >= queued.expires_at:
        return "its link ran out"
    recipient = await ports.log.load(Recipient, queued.user_id)
    to = await _clear(ports, queued.user_id, queued.to) if recipient.email is not None else None
    if to is None:
        return "the person was erased"
    return await letter(ports, queued, to) or "nobody wants it any more"


async def _clear(ports: Ports, person_id: UUID, field: Sealed | None) -> str | None:
    """A sealed field in clear; None where there is no field, or its person was erased."""
    key = await ports.log.secret("person_key", person_id)
    return None if key is None or not field else ports.sealing.open_personal(key, person_id, field.encode("ascii"))
