"""Personal fields as those see them who may look at accounts and need not know whose they are: auditors (security.md 15)."""

from typing import Final
from uuid import UUID

import msgspec

from domain.identity.person import ERASED

HIDDEN: Final = "***"


class Viewer(msgspec.Struct, frozen=True):
    """Who looks, and whether at everybody in clear; without that, only at themselves."""

    id: UUID | None
    sees_everybody: bool = False

    def sees(self, person_id: UUID) -> bool:
        """Whether this person's fields are shown to them in clear."""
        return self.sees_everybody or self.id == person_id


def masked_name(name: str) -> str:
    """`Ada Lovelace` as `A*** L***`."""
    return name if name == ERASED else " ".join(word[0] + HIDDEN for word in name.split())


def masked_email(email: str) -> str:
    """`ada@example.org` as `a***@e***.org`: the first letters, and the last part of the domain where it has several."""
    if email in {ERASED, ""}:
        return email  # A service has none.
    who, _, domain = email.rpartition("@")
    _, dot, top = domain.rpartition(".")
    return f"{who[:1]}{HIDDEN}@{domain[:1]}{HIDDEN}{dot}{top if dot else ''}"
