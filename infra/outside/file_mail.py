"""Mail as files, for development: each letter is an `.eml` in a folder, to be opened by a mail program."""

import asyncio
from pathlib import Path
from typing import Final

from application.shared.outside import Letter, MailDelayed
from infra.outside.messages import composed, sender_of


class FileMail:
    """The `Mail` port that writes files; a letter that is sent twice is one file, as its name is its id."""

    state: Final = "file"

    def __init__(self, sender: str, folder: Path) -> None:
        self._sender = sender_of(sender)
        self._folder = folder

    async def send(self, letter: Letter) -> None:
        """Write it down; raises `MailRefused`, and `MailDelayed` where the folder cannot be written to."""
        message, _ = composed(letter, self._sender)
        try:
            await asyncio.to_thread(self._write, f"{letter.id}.eml", message.as_bytes())
        except OSError as error:
            raise MailDelayed(type(error).__name__) from None

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._folder / f".{name}"
        beside.write_bytes(content)
        beside.replace(self._folder / name)
