"""Who may do what: the one table of Daybook, and the two questions it answers.

A cell says how far a role reaches: `all` objects, its `own` (as the object rules of each context say: owned, assigned, a member's),
or none (`-`). Who holds several roles reaches as far as the furthest. A key or token with scopes reaches no further than these.
"""

from enum import IntEnum
from typing import Final

from application.shared.context import Caller
from domain.shared.refused import InsufficientRole, InsufficientScope


class Reach(IntEnum):
    """How far a permission reaches."""

    NONE = 0
    OWN = 1
    ALL = 2


TABLE: Final = """
permission            admin  manager  auditor  user  guest  node  service

self:read             own    own      own      own   own    own   own
self:write            own    own      own      own   own    own   own
self:secure           own    own      own      own   own    own   -

users:read            all    -        all      -     -      -     -
users:create          all    -        -        -     -      -     -
users:manage          all    -        -        -     -      -     -
users:unmask          all    -        all      -     -      -     -
sessions:manage       all    -        -        -     -      -     -
api-keys:manage       all    own      -        own   -      own   -
oauth-clients:manage  all    -        -        -     -      -     -
audit:read            all    -        all      -     -      -     -

tasks:read            all    own      all      own   own    own   own
tasks:list-all        all    -        all      -     -      -     -
tasks:delete-any      all    -        -        -     -      -     -
tasks:create          all    own      -        own   -      -     own
tasks:edit            all    own      -        own   -      -     own
tasks:work            all    own      -        own   -      own   own
tasks:assign          all    own      -        -     -      -     own
tasks:restore         all    own      -        own   -      -     own
tasks:comment         all    own      -        own   own    -     own
tasks:watch           all    own      -        own   own    -     own
tasks:filter          own    own      own      own   own    -     own
tasks:claim           -      -        -        -     -      own   -
tasks:expire          all    -        -        -     -      -     -

nodes:read            all    -        all      -     -      -     -
nodes:manage          all    -        -        -     -      own   -
nodes:report          -      -        -        -     -      own   -

projects:read         all    own      all      own   own    -     own
projects:create       all    own      -        own   -      -     own
projects:manage       all    own      -        own   -      -     own
teams:read            all    own      all      own   own    -     own
teams:create          all    own      -        own   -      -     own
teams:manage          all    own      -        own   -      -     own

files:read            all    own      all      own   own    own   own
files:write           all    own      -        own   -      own   own
notifications:read    own    own      own      own   own    -     -
notifications:manage  own    own      own      own   own    -     -
jobs:read             all    own      own      own   -      -     own
exports:create        all    own      all      own   -      -     own
imports:create        all    own      -        own   -      -     own
live:connect          all    own      all      own   own    own   own

stock:read            all    -        all      -     -      -     all
products:write        all    -        -        -     -      -     all
orders:read           all    own      all      own   -      -     all
orders:list-all       all    -        all      -     -      -     -
orders:place          all    own      -        own   -      -     own
orders:change         all    own      -        own   -      -     own
orders:refund         all    -        -        -     -      -     all
orders:fulfil         all    -        -        -     -      -     all
orders:resume         all    -        -        -     -      -     -
payments:read         all    own      all      own   -      -     own
ledger:read           all    -        all      -     -      -     -
"""
"""`self:…` concerns the caller's own account: `self:secure` its passwords, factors and keys. All else is `resource:action`."""


def _read(table: str) -> dict[str, dict[str, Reach]]:
    head, *lines = [line.split() for line in table.splitlines() if line.strip()]
    words = {"all": Reach.ALL, "own": Reach.OWN, "-": Reach.NONE}
    return {line[0]: {role: words[cell] for role, cell in zip(head[1:], line[1:], strict=True)} for line in lines}


PERMISSIONS: Final = _read(TABLE)
ROLES: Final = tuple(next(iter(PERMISSIONS.values())))
NEVER_SCOPED: Final = frozenset({"self:secure"})
"""What no key and no program acting for somebody may ever do, whatever its scopes say."""


def reach(caller: Caller, permission: str) -> Reach:
    """How far the caller may go with this permission; Daybook itself goes everywhere, and what is not in the table nobody may."""
    if caller.role == "system":
        return Reach.ALL
    row = PERMISSIONS.get(permission, {})
    by_role = row.get(caller.role, Reach.NONE) if len(caller.roles) < 2 else max(row.get(role, Reach.NONE) for role in caller.roles)
    return by_role if _in_scope(caller, permission) else Reach.NONE


def must(caller: Caller, permission: str) -> Reach:
    """How far the caller may go, at least to their own; raises `InsufficientRole` or `InsufficientScope`, naming what is missing."""
    reached = reach(caller, permission)
    if reached is Reach.NONE:
        missing = InsufficientRole if _in_scope(caller, permission) else InsufficientScope
        raise missing(f"This needs the permission {permission}.", permission=permission)
    return reached


def permitted(caller: Caller) -> list[str]:
    """Everything the caller may do, at least to their own."""
    return [name for name in PERMISSIONS if reach(caller, name)]


def scopes_for(roles: frozenset[str]) -> list[str]:
    """The permissions that a key or token of these roles can be given."""
    return [name for name, row in PERMISSIONS.items() if name not in NEVER_SCOPED and any(row.get(role, Reach.NONE) for role in roles)]


def _in_scope(caller: Caller, permission: str) -> bool:
    if caller.scopes is None:
        return True
    return permission not in NEVER_SCOPED and (permission in caller.scopes or f"{permission.partition(':')[0]}:*" in caller.scopes)
