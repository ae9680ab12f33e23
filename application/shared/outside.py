"""What commands need of the world beside the log: mail, the memory of failed attempts, what is kept of people. Twins stand in for tests."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from domain.shared.refused import Unavailable, Unsupported


class Letter(msgspec.Struct, frozen=True):
    """A mail as it is sent: plain text, to one address. `id` becomes its Message-ID, so that one sent twice is one.

    `unsubscribe`: where mail programs turn mails of its kind off (RFC 8058); empty for what is always sent.
    """

    id: str
    to: str
    subject: str
    text: str
    unsubscribe: str = ""


class Mail(Protocol):
    """A way to send mail."""

    async def send(self, letter: Letter) -> None:
        """Hand a letter over; raises `MailRefused` for one that will never be taken, `MailDelayed` for one to try again."""


class MailDelayed(Exception):
    """The mail server could not take the letter now."""


class MailRefused(Exception):
    """The mail server will never take this letter."""


class Attempts(Protocol):
    """Counts failed proofs of who somebody is, shared by all processes (security.md 7).

    Before a password, code or link is looked at, ask `must_wait`; afterwards tell `failed` or `succeeded`. `account` is any word that
    stands for what is attacked, the same for accounts that exist and those that do not; `address` is the caller's.
    """

    async def must_wait(self, account: str, address: str) -> None:
        """Raises `TooManyRequests` while another attempt would come too soon after those that failed."""

    async def failed(self, account: str, address: str) -> None:
        """One more attempt on this account, from this address, failed."""

    async def succeeded(self, account: str, address: str) -> None:
        """Somebody proved from this address that the account is theirs."""


class OneTimeCodes(Protocol):
    """The codes of authenticators (TOTP, RFC 6238)."""

    def secret(self, seed: bytes) -> str:
        """The seed in base32, as people type it."""

    def uri(self, seed: bytes, account: str) -> str:
        """What an authenticator reads (`otpauth://`)."""

    def picture(self, uri: str) -> str:
        """The QR code of it as SVG."""

    def step_of(self, seed: bytes, code: str, now: datetime) -> int | None:
        """The time step that a code is of, if that is the present one or one beside it."""


class Remains(Protocol):
    """What is kept of people outside the log and its vault."""

    async def sessions_of(self, person_id: UUID) -> Sequence[UUID]:
        """Their sessions that were not ended one by one."""

    async def keys_of(self, person_id: UUID) -> Sequence[UUID]:
        """Their API keys that were not revoked."""

    async def tasks_of(self, person_id: UUID, *, seen: int, beyond: UUID | None, most: int) -> Sequence[UUID]:
        """Tasks that are theirs, or that they work on or follow, by id after `beyond`, at most so many; none that are deleted.

        Raises `Unavailable` until everything up to the position `seen` of the log is known.
        """

    async def notifications_of(self, person_id: UUID, *, after: UUID) -> Sequence[UUID]:
        """Some of the notifications that are shown to them, as many as one event can name.

        Raises `Unavailable` until everything up to the newest event of the stream `after` is known.
        """

    async def circles_of(self, person_id: UUID, *, seen: int) -> Sequence[UUID]:
        """Projects and teams they belong to. Raises `Unavailable` until everything up to the position `seen` of the log is known."""

    async def invitations_of(self, person_id: UUID, *, seen: int) -> Sequence[UUID]:
        """Invitations that were sent to the address they had, and are not over; raises as above."""

    async def forget(self, person_id: UUID, sessions: Sequence[UUID]) -> bool:
        """Delete the stored answers of an erased person, and states folded from their account and these sessions.

        False after a second, while it goes on: then ask again later.
        """


class Draft(Protocol):
    """Bytes on their way into the store."""

    async def write(self, piece: bytes) -> None:
        """The next bytes."""

    def pieces(self) -> AsyncIterator[bytes]:
        """What was written so far, from the beginning."""

    async def keep(self) -> None:
        """From here on they are durable under their key. Raises `StoreUnavailable`."""


class ByteStore(Protocol):
    """Where the bytes of files are, each under a key of its own; they never change, and a key is never used again."""

    def draft(self, key: UUID) -> AbstractAsyncContextManager[Draft]:
        """Begin to write; what was not kept at the end of the block is gone."""

    def read(self, key: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not with, `end`, in pieces. Raises `BytesMissing`, `StoreUnavailable`, both before the first piece."""

    async def drop(self, key: UUID) -> None:
        """Delete them; done again, nothing happens. Raises `StoreUnavailable`."""

    def until(self, moment: datetime) -> AsyncIterator[UUID]:
        """The keys of all that was last written before a moment. Drafts as old as that are deleted on the way: nobody writes them any more."""


class Scanner(Protocol):
    """Looks for what nobody should download."""

    async def must_be_clean(self, pieces: AsyncIterator[bytes]) -> None:
        """Raises `FileInfected`, and `ScannerUnavailable` where nobody could look."""


class FileInfected(Unsupported):
    """The scanner of this system found something harmful in the file."""


class ScannerUnavailable(Unavailable):
    """The scanner of this system cannot look at files at the moment."""


class StoreUnavailable(Unavailable):
    """Files cannot be reached at the moment."""


class BytesMissing(Unavailable):
    """The bytes of this file are not where they should be; an operator has to bring them back."""


class Outside(msgspec.Struct, frozen=True):
    """All of it."""

    mail: Mail
    attempts: Attempts
    codes: OneTimeCodes
    remains: Remains
    store: ByteStore = None  # type: ignore[assignment]  # Small worlds of tests do without.
