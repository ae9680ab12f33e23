"""Digests: what a person was told since the last one, in one mail, at the hour they chose."""

from datetime import datetime
from typing import Any
from uuid import UUID

from application.notifications.telling import NOWHERE
from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.ports import Ports
from domain.notifications.events import DigestClosed, DigestCollected
from domain.notifications.mail import Mail
from domain.notifications.preferences import Bundle, bundle_id
from domain.notifications.recipient import Recipient
from domain.shared.event import Recorded


class SendDigest(Command, frozen=True):
    """The digest that is due at this moment may go out."""

    user_id: UUID
    due_at: datetime


@handles(SendDigest)
async def send_digest(command: SendDigest, ports: Ports) -> None:
    """Raises `DigestNotDue`. Of another digest than the one that waits nothing comes."""
    bundle = await ports.log.load(Bundle, bundle_id(command.user_id))
    if bundle.due_at is None or bundle.due_at != command.due_at:
        return
    to = (await ports.log.load(Recipient, command.user_id)).email
    mail_id = None if to is None or to == NOWHERE else ports.new_id()
    ports.log.stage(bundle, *bundle.close(command.user_id, mail_id, ports.now))
    if mail_id is not None and to is not None:
        ports.log.stage(Mail(id=mail_id), *Mail.tell(mail_id, command.user_id, to, bundle.waiting, bundle.more, digest=True))


@deadline("notifications.digest", DigestCollected, DigestClosed)
def digest(_: UUID, before: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """When the first notification that waits was collected, it was said when."""
    match recorded.event:
        case DigestCollected(user_id=user_id, due_at=due_at):
            return before or Deadline(due_at, SendDigest(user_id=user_id, due_at=due_at))
    return None
