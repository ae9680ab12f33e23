"""Personal fields: sealed with the person's key before they become facts, opened to answer the person."""

from typing import Self
from uuid import UUID

import msgspec

from application.shared.ports import Ports
from domain.identity.errors import AccountErased
from domain.identity.events import Sealed
from domain.identity.person import ERASED
from domain.identity.role import Role, by_reach
from domain.identity.user import User
from domain.shared.refused import NotFound, Unauthenticated


class Person(msgspec.Struct, frozen=True):
    """An account and who it belongs to, in clear, as of `version` of the account. `role` is the one of `roles` that decides."""

    id: UUID
    email: str
    name: str
    role: Role
    version: int
    roles: tuple[Role, ...] = ()
    active: bool = True
    email_verified: bool = False
    erased: bool = False

    @classmethod
    def of(cls, user: User, email: str, name: str) -> Self:
        """An account, with its personal fields as they are to be shown."""
        return cls(user.id, email, name, user.role, user.version, by_reach(user.roles), user.active, user.verified, user.erased)


class Client(msgspec.Struct, frozen=True):
    """Where somebody speaks from: network address and user agent."""

    address: str = ""
    agent: str = ""


def caller_id(ports: Ports) -> UUID:
    """Who calls; raises `Unauthenticated` for Daybook itself and for strangers."""
    if ports.caller.id is None:
        raise Unauthenticated
    return ports.caller.id


async def account(ports: Ports, user_id: UUID) -> User:
    """An account that something can be done with; raises `NotFound`, `AccountErased`."""
    user = await ports.log.load(User, user_id)
    if not user.exists:
        raise NotFound
    user.must_be_there()
    return user


def sealed(ports: Ports, key: bytes, person_id: UUID, text: str) -> Sealed:
    """A personal field as it stands in an event."""
    return Sealed(ports.sealing.seal_personal(key, person_id, text).decode("ascii"))


async def sealed_for(ports: Ports, person_id: UUID, text: str) -> Sealed:
    """The same for somebody who has a key already; raises `AccountErased` for who has none any more."""
    key = await ports.log.secret("person_key", person_id)
    if key is None:
        raise AccountErased
    return sealed(ports, key, person_id, text)


async def in_clear(ports: Ports, person_id: UUID, *fields: Sealed) -> tuple[str, ...]:
    """Personal fields of one person; each `erased` where the key is gone."""
    key = await ports.log.secret("person_key", person_id)
    if key is None:
        return (ERASED,) * len(fields)
    return tuple(ports.sealing.open_personal(key, person_id, field.encode("ascii")) if field else "" for field in fields)


async def opened(ports: Ports, user: User) -> Person:
    """The person behind an account; `erased` where the key is gone."""
    email, name = await in_clear(ports, user.id, user.email, user.name)
    return Person.of(user, email, name)


async def sealed_client(ports: Ports, person_id: UUID) -> Sealed:
    """Where the caller speaks from, sealed as JSON: an address tells where a person is."""
    key = await ports.log.secret("person_key", person_id)
    client = Client(ports.caller.address, ports.caller.agent)
    return Sealed("") if key is None else sealed(ports, key, person_id, msgspec.json.encode(client).decode())
