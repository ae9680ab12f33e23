"""The in-memory twin of a mail server."""

from application.shared.outside import Letter


class MemoryMail:
    """Keeps what was sent; `failures` are raised first, one for each letter."""

    def __init__(self) -> None:
        self.sent: list[Letter] = []
        self.failures: list[Exception] = []

    async def send(self, letter: Letter) -> None:
        """Keep the letter."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(letter)
