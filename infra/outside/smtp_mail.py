"""Mail by SMTP (RFC 5321), with internationalised addresses (RFC 6531) where the server knows them."""

import asyncio
import contextlib
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as AS_SENT
from email.utils import formatdate, parseaddr
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPNotSupported, SMTPRecipientsRefused, SMTPResponseException

from application.shared.outside import Letter, Mail, MailDelayed, MailRefused
from infra.outside.log_mail import LogMail
from infra.settings import Settings

PATIENCE: Final = 10.0
"""Seconds for one letter, from connecting to the server's last word; others wait behind it."""
GOODBYE: Final = 0.5
PERMANENT: Final = 500
"""Replies from here on will be the same next time (RFC 5321, 4.2.1)."""


class SmtpMail:
    """The `Mail` port: one connection per letter. What is told of a failure is the server's number, never its words, which may hold an address."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._settings = settings
        self._patience = patience
        name, address = parseaddr(settings.email_from)
        self._sender = _address(address, name)

    async def send(self, letter: Letter) -> None:
        """Hand a letter over; raises `MailRefused`, `MailDelayed`. Sent again when the server's last word is lost, it has the same Message-ID."""
        try:
            to = _address(letter.to)
            message = self._message(letter, to)
        except (ValueError, MessageError) as error:
            raise MailRefused(f"no letter: {type(error).__name__}") from None
        await self._hand_over(message, to.addr_spec)

    async def _hand_over(self, message: EmailMessage, to: str) -> None:
        client = self._client()
        try:
            async with asyncio.timeout(self._patience):
                await client.connect()
                await client.send_message(message, sender=self._sender.addr_spec, recipients=[to])
        except SMTPNotSupported:
            raise MailRefused("the server does not know such addresses") from None
        except SMTPRecipientsRefused as refused:
            raise _judged(refused.recipients[0]) from None
        except SMTPResponseException as answered:
            raise _judged(answered) from None
        except (SMTPException, OSError) as error:
            raise MailDelayed(type(error).__name__) from None
        else:
            with contextlib.suppress(SMTPException, OSError):
                await client.quit(timeout=GOODBYE)
        finally:
            client.close()

    def _message(self, letter: Letter, to: Address) -> EmailMessage:
        message = EmailMessage(policy=AS_SENT)
        message["From"] = self._sender
        message["To"] = to
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{letter.id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"  # So that no robot answers (RFC 3834).
        if letter.unsubscribe:
            message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058.
        message.set_content(letter.text)
        return message

    def _client(self) -> SMTP:
        chosen = self._settings
        return SMTP(
            hostname=chosen.smtp_host,
            port=chosen.smtp_port,
            username=chosen.smtp_user or None,
            password=chosen.smtp_password or None,
            use_tls=chosen.smtp_security == "tls",
            start_tls=chosen.smtp_security == "starttls",
            timeout=self._patience,
            local_hostname=self._sender.domain,  # Else the name of this machine, looked up in the DNS for each letter.
        )


def _address(text: str, name: str = "") -> Address:
    """An address as it is sent: the domain in ASCII (RFC 5890), so that only an odd local part needs SMTPUTF8. Raises `ValueError`."""
    local, _, domain = text.rpartition("@")
    if not local or not domain:
        raise ValueError("not an address")
    return Address(name, local, domain.encode("idna").decode("ascii"))


def _judged(answered: SMTPResponseException) -> MailDelayed | MailRefused:
    """A letter is refused by what the server says of it; a wrong password is ours to mend, and the letter waits for that."""
    about_us = answered.code in {530, 534, 535, 538}  # RFC 4954: authentication.
    kind = MailRefused if answered.code >= PERMANENT and not about_us else MailDelayed
    return kind(f"SMTP {answered.code}")


def mail_of(settings: Settings) -> Mail:
    """How this system sends mail: by SMTP where a server is set."""
    return SmtpMail(settings) if settings.smtp_host else LogMail()
