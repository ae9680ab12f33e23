"""A real SMTP server on this machine, in the test's own event loop; its replies can be chosen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult


class PostOffice:
    """`replies` answer DATA (or RCPT) first, one each; what is taken stands in `taken`."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.replies: dict[str, list[str]] = {"RCPT": [], "DATA": []}
        self.port = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 — aiosmtpd's name.
        if self.replies["RCPT"]:
            return self.replies["RCPT"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 — aiosmtpd's name.
        if self.replies["DATA"]:
            return self.replies["DATA"].pop(0)
        self.envelopes.append(envelope)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.SMTP))  # type: ignore[arg-type]  # as the policy makes it
        return "250 OK"


def texts(office: PostOffice) -> list[str]:
    """What the mails say."""
    return [message.get_content() for message in office.taken]


@asynccontextmanager
async def open_office(office: PostOffice, **options: Any) -> AsyncIterator[PostOffice]:
    """Opened at a port of its own, or again at the one it had."""
    loop, open_now = asyncio.get_running_loop(), list[SMTP]()

    def take() -> SMTP:
        open_now.append(SMTP(office, hostname="post.test", enable_SMTPUTF8=True, loop=loop, **options))
        return open_now[-1]

    server = await loop.create_server(take, "127.0.0.1", office.port)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for one in open_now:
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0)


def only(user: str, password: str) -> Any:
    """Lets in who knows the password."""

    def judge(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (user.encode(), password.encode()), handled=False)

    return judge
