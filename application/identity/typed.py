"""A password on its way through a command."""

from typing import Self

from application.shared.ports import Passwords
from domain.identity.errors import PasswordsDiffer


class Typed:
    """A password as it was typed. Shows itself to nobody, and remembers its slow answers: a decision that took over 2 s
    is taken again (mechanisms A12), and must not pay for hashing again, or a busy server would never come to an end.
    """

    __slots__ = ("_fits", "_hash", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._hash: bytes | None = None
        self._fits: dict[bytes | None, bool] = {}

    @classmethod
    def repeated(cls, text: str, again: str | None) -> Self:
        """A new password, typed a second time where that was asked for; raises `PasswordsDiffer`."""
        if again not in {None, text}:
            raise PasswordsDiffer("/confirm_password")
        return cls(text)

    def __repr__(self) -> str:
        return "Typed(***)"

    @property
    def is_hashed(self) -> bool:
        """Whether the slow work of hashing is done."""
        return self._hash is not None

    async def hash(self, passwords: Passwords) -> bytes:
        """Its salted hash."""
        if self._hash is None:
            self._hash = await passwords.hash(self.text)
        return self._hash

    async def fits(self, passwords: Passwords, hashed: bytes | None) -> bool:
        """Whether it is the password behind a hash; takes as long, and is never true, where there is no hash."""
        if hashed not in self._fits:
            self._fits[hashed] = await passwords.verify(self.text, hashed)
        return self._fits[hashed] and hashed is not None
