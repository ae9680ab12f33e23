"""Personal fields: sealed with the person's key before they become facts, opened to answer the person."""

from uuid import UUID

import msgspec

from application.shared.ports import Ports
from domain.identity.events import Sealed
from domain.identity.person import ERASED
from domain.identity.role import Role
from domain.identity.user import User


class Person(msgspec.Struct, frozen=True):
    """Who an account belongs to, in clear, as of `version` of the account."""

    id: UUID
    email: str
    name: str
    role: Role
    version: int


def sealed(ports: Ports, key: bytes, person_id: UUID, text: str) -> Sealed:
    """A personal field as it stands in an event."""
    return Sealed(ports.sealing.seal_personal(key, person_id, text).decode("ascii"))


async def opened(ports: Ports, user: User) -> Person:
    """The person behind an account; `erased` where the key is gone."""
    key = await ports.log.secret("person_key", user.id)

    def clear(field: Sealed) -> str:
        return ERASED if key is None else ports.sealing.open_personal(key, user.id, field.encode("ascii"))

    return Person(user.id, clear(user.email), clear(user.name), user.role, user.version)
