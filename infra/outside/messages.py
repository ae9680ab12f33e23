"""Letters as messages (RFC 5322): whoever's words stand in them, nobody adds a header or a recipient."""

from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import formatdate, parseaddr
from typing import Final

from application.shared.outside import Letter, MailRefused


class Link(UnstructuredHeader, BaseHeader):
    """An address of the web in a header (RFC 2369): programs read it as it stands, so that it is never in encoded words (RFC 2047), which
    is what the library makes of every long word.
    """

    def fold(self, *, policy: Policy) -> str:
        """On one line: there is no place to break it at. RFC 5322 lets a line have 998 characters."""
        return f"{self.name}: {self}{policy.linesep}"


HEADERS: Final = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", Link)
AS_SENT: Final = SMTP.clone(header_factory=HEADERS)


def composed(letter: Letter, sender: Address) -> tuple[EmailMessage, Address]:
    """The message, and where it goes; raises `MailRefused` for what can be none."""
    try:
        to = _address(letter.to)
        return _message(letter, sender, to), to
    except (ValueError, MessageError) as error:
        raise MailRefused(f"no letter: {type(error).__name__}") from None


def sender_of(text: str) -> Address:
    """Who letters are from, as the setting says it."""
    name, address = parseaddr(text)
    return _address(address, name)


def _message(letter: Letter, sender: Address, to: Address) -> EmailMessage:
    message = EmailMessage(policy=AS_SENT)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{letter.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # So that no robot answers (RFC 3834).
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058.
    message.set_content(letter.text)
    return message


def _address(text: str, name: str = "") -> Address:
    """An address as it is sent: the domain in ASCII (RFC 5890), so that only an odd local part needs SMTPUTF8. Raises `ValueError`."""
    local, _, domain = text.rpartition("@")
    if not local or not domain:
        raise ValueError("not an address")
    return Address(name, local, domain.encode("idna").decode("ascii"))
