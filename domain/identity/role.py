"""What an account may be."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from domain.identity.errors import InvalidRole


class Role(StrEnum):
    """A role; the order is that of their reach, furthest first."""

    ADMIN = "admin"
    MANAGER = "manager"
    AUDITOR = "auditor"
    USER = "user"
    NODE = "node"
    SERVICE = "service"
    GUEST = "guest"


DEFAULT: Final = Role.USER
MACHINES: Final = frozenset({Role.NODE, Role.SERVICE})
"""Those that sign in with keys only, and never prove once more who they are."""
OTHERWISE: Final = {"project_manager": Role.MANAGER, "team_member": Role.USER}
"""Other words for roles."""
WORDS: Final = (*map(str, Role), *OTHERWISE)


def role_named(text: str, pointer: str = "/role") -> Role:
    """The role behind a word, in any case; raises `InvalidRole` naming the field it stood in."""
    word = text.lower()
    if word not in WORDS:
        raise InvalidRole(pointer)
    return OTHERWISE.get(word) or Role(word)


def furthest(roles: Iterable[Role]) -> Role:
    """The role that decides what a caller may do; an account without roles may look at little, as a guest."""
    return next(iter(by_reach(roles)), Role.GUEST)


def by_reach(roles: Iterable[Role]) -> tuple[Role, ...]:
    """Roles in the order of their reach, furthest first."""
    held = frozenset(roles)
    return tuple(role for role in Role if role in held)
