"""Telling nothing: strangers who ask by an e-mail get the same answer, after the same work, whether there is such an account or not."""

import msgspec

from application.shared.ports import Ports
from domain.shared.aggregate import NOBODY


class MailComes(msgspec.Struct, frozen=True):
    """What everybody is told."""

    detail: str = "If this e-mail can be used for that, a mail is on its way to it."


def write_anyway(ports: Ports) -> None:
    """Write something even where nothing happened, so that the time it takes says nothing."""
    ports.log.keep("nothing", NOBODY, None)
