"""What an account may be."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """A role; the order is that of their reach, furthest first."""

    ADMIN = "admin"
    USER = "user"
    NODE = "node"


DEFAULT: Final = Role.USER


def furthest(roles: Iterable[Role]) -> Role:
    """The role that decides what a caller may do; an account without roles is an ordinary user."""
    held = frozenset(roles)
    return next((role for role in Role if role in held), DEFAULT)
