"""Mail by SMTP (RFC 5321), with internationalised addresses (RFC 6531) where the server knows them."""

import asyncio
import contextlib
from email.message import EmailMessage
from typing import Final

import msgspec
from aiosmtplib import SMTP, SMTPException, SMTPNotSupported, SMTPRecipientsRefused, SMTPResponseException

from application.shared.outside import Letter, MailDelayed, MailRefused
from infra.outside.messages import composed, sender_of

PATIENCE: Final = 10.0
"""Seconds for one letter, from connecting to the server's last word; others wait behind it."""
GOODBYE: Final = 0.5
PERMANENT: Final = 500
"""Replies from here on will be the same next time (RFC 5321, 4.2.1)."""


class Host(msgspec.Struct, frozen=True):
    """A mail server, and how it is spoken to; `security` is `starttls`, `tls` or `none`."""

    name: str
    port: int
    user: str = ""
    password: str = ""
    security: str = "starttls"


class ServerAway(MailDelayed):
    """The mail server cannot be reached or does not let us in. `had_it`: it may have taken the letter before that."""

    def __init__(self, why: str, *, had_it: bool = False) -> None:
        super().__init__(why)
        self.had_it = had_it


class SmtpMail:
    """The `Mail` port: one connection per letter. What is told of a failure is the server's number, never its words, which may hold an address."""

    def __init__(self, sender: str, host: Host, patience: float = PATIENCE) -> None:
        self._host = host
        self._patience = patience
        self._sender = sender_of(sender)

    async def send(self, letter: Letter) -> None:
        """Hand a letter over; raises `MailRefused`, `MailDelayed`, `ServerAway`. One that is sent twice, since the server's last word was
        lost, has the same Message-ID.
        """
        message, to = composed(letter, self._sender)
        await self._hand_over(message, to.addr_spec)

    async def _hand_over(self, message: EmailMessage, to: str) -> None:
        client, begun = self._client(), False
        try:
            async with asyncio.timeout(self._patience):
                await client.connect()
                begun = True
                await client.send_message(message, sender=self._sender.addr_spec, recipients=[to])
        except SMTPNotSupported as unable:
            raise (MailRefused("the server does not know such addresses") if begun else ServerAway(type(unable).__name__)) from None
        except SMTPRecipientsRefused as refused:
            raise _judged(refused.recipients[0]) from None
        except SMTPResponseException as answered:
            raise (_judged(answered) if begun else ServerAway(f"SMTP {answered.code}")) from None
        except (SMTPException, OSError) as error:
            raise ServerAway(type(error).__name__, had_it=begun) from None
        else:
            with contextlib.suppress(SMTPException, OSError):
                await client.quit(timeout=GOODBYE)
        finally:
            client.close()

    def _client(self) -> SMTP:
        chosen = self._host
        return SMTP(
            hostname=chosen.name,
            port=chosen.port,
            username=chosen.user or None,
            password=chosen.password or None,
            use_tls=chosen.security == "tls",
            start_tls=chosen.security == "starttls",
            timeout=self._patience,
            local_hostname=self._sender.domain,  # Else the name of this machine, looked up in the DNS for each letter.
        )


def _judged(answered: SMTPResponseException) -> MailDelayed | MailRefused:
    """A letter is refused by what the server says of it; a wrong password is ours to mend, and the letter waits for that."""
    if answered.code in {421, 530, 534, 535, 538}:  # RFC 5321: going away; RFC 4954: authentication.
        return ServerAway(f"SMTP {answered.code}")
    return (MailRefused if answered.code >= PERMANENT else MailDelayed)(f"SMTP {answered.code}")
