"""The read model `people`: every account, its names still sealed. The only place where personal fields are kept (mechanisms R8)."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.identity import events as e
from domain.identity.events.sealed import NOTHING
from domain.identity.person import ERASED
from domain.identity.role import Role, by_reach, furthest
from domain.shared.event import Recorded
from projections.identity.masking import Viewer, masked_email, masked_name
from projections.identity.person_keys import PersonKeys
from projections.shared.read_model import ReadModel, Row, read_model
from projections.shared.reading import FIRST_ID, Freshness, Seen, SeenMany, Tables
from projections.shared.where import where


class Account(Row, frozen=True, gc=False):
    """An account. `roles` are words with spaces between them, furthest first; `role` is the one that decides."""

    id: UUID
    version: int
    email: str
    """Sealed, as `name`; empty once the account is erased."""
    name: str
    created_at: datetime
    roles: str = ""
    role: str = Role.USER.value
    active: bool = True
    email_verified: bool = False
    erased: bool = False


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The account whose stream it is."""
    return (recorded.stream_id,)


def fold(key: UUID, row: Account | None, recorded: Recorded[Any]) -> Account | None:
    """The account after one more fact; every fact of it moves its version."""
    event, changes = recorded.event, dict[str, Any]()
    if isinstance(event, e.UserRegistered):
        return Account(key, recorded.version, event.email, event.name, recorded.recorded_at)
    if row is None:
        return None
    match event:
        case e.RoleGranted(role=role):
            changes = _roles(frozenset(row.roles.split()) | {role.value})
        case e.RoleRevoked(role=role):
            changes = _roles(frozenset(row.roles.split()) - {role.value})
        case e.UserDisabled() | e.UserEnabled():
            changes = {"active": isinstance(event, e.UserEnabled)}
        case e.UserRenamed(name=name):
            changes = {"name": name}
        case e.EmailVerified():
            changes = {"email_verified": True}
        case e.EmailChanged(email=email):
            changes = {"email": email, "email_verified": True}
        case e.UserErased():
            changes = {"email": NOTHING, "name": NOTHING, "active": False, "email_verified": False, "erased": True}
    return msgspec.structs.replace(row, version=recorded.version, **changes)


def _roles(held: frozenset[str]) -> dict[str, Any]:
    roles = by_reach(map(Role, held))
    return {"roles": " ".join(roles), "role": furthest(roles).value}


LISTENS: Final = (
    e.UserRegistered, e.RegistrationRepeated, e.RoleGranted, e.RoleRevoked, e.UserDisabled, e.UserEnabled, e.UserRenamed, e.EmailVerificationAsked,
    e.EmailVerified, e.EmailChanged, e.PasswordResetAsked, e.PasswordChanged, e.PasswordRehashed, e.SessionsEnded, e.IdentityLinked,
    e.IdentityUnlinked, e.PersonalDataUnmasked, e.PersonalDataExported, e.UserErased, e.UserForgotten,
)  # fmt: skip
"""All that stands in an account's stream: its version is the one a client names in If-Match."""

PEOPLE = read_model(
    ReadModel(
        name="people",
        version=2,
        store="postgres",
        row=Account,
        key=("id",),
        listens=LISTENS,
        keys=keys,
        fold=fold,
        key_is_stream=True,
    )
)


class Shown(msgspec.Struct, frozen=True):
    """An account in clear or, for who need not know whose it is, with its name and e-mail masked. `role` is the one of `roles` that decides."""

    id: UUID
    email: str
    name: str
    role: Role
    roles: tuple[Role, ...]
    active: bool
    email_verified: bool
    erased: bool
    created_at: datetime
    version: int


class Wanted(msgspec.Struct, frozen=True):
    """Which accounts: those that hold a role, that are active or not, this one; None: all."""

    role: Role | None = None
    active: bool | None = None
    id: UUID | None = None


async def account(tables: Tables, names: PersonKeys, viewer: Viewer, user_id: UUID, fresh: Freshness) -> tuple[Shown | None, Seen[Account]]:
    """One account, as new as its stream, and where it was seen."""
    seen = await tables.one(PEOPLE, user_id, fresh)
    return (None if seen.row is None else await _show(names, viewer, seen.row)), seen


async def accounts(
    tables: Tables, names: PersonKeys, viewer: Viewer, wanted: Wanted, fresh: Freshness, *, limit: int, after: UUID | None = None
) -> tuple[list[Shown], SeenMany[Account]]:
    """Accounts in the order they were opened (ids are UUIDv7), after one of them; at most `limit`."""
    conditions, arguments = where(
        ("id > %b", (after or FIRST_ID,)),
        ("%b = any(string_to_array(roles, ' '))", (wanted.role,)),
        ("active = %b", (wanted.active,)),
        ("id = %b", (wanted.id,)),
    )
    seen = await tables.many(PEOPLE, conditions + " order by id limit %b", (*arguments, limit), fresh)
    await names.know([row.id for row in seen.rows])
    return [await _show(names, viewer, row) for row in seen.rows], seen


async def _show(names: PersonKeys, viewer: Viewer, row: Account) -> Shown:
    email, name = (ERASED, ERASED) if row.erased else await names.open(row.id, row.email, row.name)
    if not viewer.sees(row.id):
        email, name = masked_email(email), masked_name(name)
    roles = tuple(map(Role, row.roles.split()))
    return Shown(row.id, email, name, Role(row.role), roles, row.active, row.email_verified, row.erased, row.created_at, row.version)


class Named(msgspec.Struct, frozen=True):
    """Who somebody is, to be shown beside what is theirs."""

    id: UUID
    name: str
    email: str


async def people(tables: Tables, names: PersonKeys, viewer: Viewer, ids: list[UUID]) -> dict[UUID, Named]:
    """Who some accounts are, as far as they are known here by now; asked for together, however many they are."""
    seen = await tables.many(PEOPLE, "where id = any(%b)", (ids,), Freshness(allow_stale=True))
    await names.know([row.id for row in seen.rows])
    shown = [await _show(names, viewer, row) for row in seen.rows]
    return {one.id: Named(one.id, one.name, one.email) for one in shown}


async def names_of(tables: Tables, names: PersonKeys, viewer: Viewer, ids: list[UUID]) -> dict[UUID, str]:
    """The names of some accounts, as far as they are known here by now."""
    return {one: name for one, (name, _) in (await names_and_roles_of(tables, names, viewer, ids)).items()}


async def names_and_roles_of(tables: Tables, names: PersonKeys, viewer: Viewer, ids: list[UUID]) -> dict[UUID, tuple[str, str]]:
    """The names of some accounts with the role that decides, as far as they are known here by now."""
    seen = await tables.many(PEOPLE, "where id = any(%b)", (ids,), Freshness(allow_stale=True))
    await names.know([row.id for row in seen.rows])
    found = {row.id: ((await names.open(row.id, row.name))[0], row.role) for row in seen.rows}
    return {one: (name if viewer.sees(one) else masked_name(name), role) for one, (name, role) in found.items()}
