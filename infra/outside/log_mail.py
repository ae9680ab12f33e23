"""Mail where no mail server is set: shown in the log, links and all, for development."""

import logging
from typing import Final

from application.shared.outside import Letter

log: Final = logging.getLogger(__name__)


class LogMail:
    """The `Mail` port that writes each letter to the log, as a warning: `daybook up` shows it on the terminal, too."""

    state: Final = "log"

    async def send(self, letter: Letter) -> None:
        """Write it down."""
        shown = f"To: {letter.to}\nSubject: {letter.subject}\n\n{letter.text}"
        log.warning("a mail (SMTP_HOST is not set: only shown here)", extra={"letter": shown})
