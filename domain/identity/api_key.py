"""An API key: a way to use an account without its password, for programs; bounded by scopes, age and network."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Self
from uuid import UUID

import msgspec

from domain.identity.errors import ApiKeyIsOver, ExpiryPassed, InvalidToken, TokenExpired, UnfitNetwork
from domain.identity.events import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated, ApiKeyUsed, Sealed
from domain.identity.events.sealed import NOTHING
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event

NEVER: Final = datetime.min.replace(tzinfo=UTC)
NOTED: Final = timedelta(minutes=5)
"""How much later a use is worth being noted again."""


class KeySecret(msgspec.Struct, frozen=True):
    """A secret that counts, the former one only `until` then."""

    id: UUID
    until: datetime | None = None


class ApiKey(Aggregate, frozen=True):
    """`secrets` are the present one and, for a while after a rotation, the one before it."""

    owner_id: UUID = NOBODY
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    addresses: Sealed = NOTHING
    secrets: tuple[KeySecret, ...] = ()
    used_at: datetime = NEVER
    revoked: bool = False

    def must_be_valid(self, now: datetime) -> None:
        """Raises `InvalidToken`, or `TokenExpired` for a key of the past."""
        if self.owner_id == NOBODY or self.revoked:
            raise InvalidToken
        if self.expires_at is not None and now >= self.expires_at:
            raise TokenExpired

    def secrets_at(self, now: datetime) -> list[UUID]:
        """The secrets that count at a moment."""
        return [one.id for one in self.secrets if one.until is None or now < one.until]

    def rotate(self, secret_id: UUID, overlap: timedelta, now: datetime) -> list[Event]:
        """Give the key a new secret and let the present one count a while longer; raises `ApiKeyIsOver`."""
        if self.revoked or (self.expires_at is not None and now >= self.expires_at):
            raise ApiKeyIsOver
        until = now + overlap
        return [ApiKeyRotated(key_id=self.id, owner_id=self.owner_id, secret_id=secret_id, former_until=until, rotated_at=now)]

    def use(self, now: datetime) -> list[Event]:
        """Note that it was used; shortly after it was noted, nothing new happened."""
        return [ApiKeyUsed(key_id=self.id, owner_id=self.owner_id, at=now)] if self.is_worth_noting(now) else []

    def is_worth_noting(self, now: datetime) -> bool:
        """Whether its use was not noted for a while."""
        return not self.revoked and now - self.used_at >= NOTED

    def revoke(self) -> list[Event]:
        """Let it count no more; told twice, nothing new happened."""
        return [] if self.revoked else [ApiKeyRevoked(key_id=self.id, owner_id=self.owner_id)]

    def evolve(self, event: Event) -> Self:
        """The key after one more fact."""
        match event:
            case ApiKeyIssued(owner_id=owner_id, scopes=scopes, secret_id=secret_id):
                begun = self.but(owner_id=owner_id, scopes=scopes, secrets=(KeySecret(secret_id),))
                return begun.but(expires_at=event.expires_at, addresses=event.addresses)
            case ApiKeyRotated(secret_id=secret_id, former_until=until):
                return self.but(secrets=(KeySecret(secret_id), *(KeySecret(one.id, until) for one in self.secrets[:1])))
            case ApiKeyUsed(at=at):
                return self.but(used_at=at)
            case ApiKeyRevoked():
                return self.but(revoked=True, secrets=())
        return self


def valid_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """A moment to come; raises `ExpiryPassed`."""
    if expires_at is not None and expires_at <= now:
        raise ExpiryPassed("/expires_at")
    return expires_at


def valid_networks(texts: Iterable[str]) -> tuple[str, ...]:
    """Networks as they are kept (CIDR; an address is the network of itself); raises `UnfitNetwork`."""
    found = list[str]()
    for nth, text in enumerate(texts):
        try:
            found.append(str(ip_network(text.strip(), strict=False)))
        except ValueError as error:
            raise UnfitNetwork(f"/allowed_addresses/{nth}") from error
    return tuple(dict.fromkeys(found))


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of the networks; an IPv4 address in the clothes of IPv6 (RFC 4291, 2.5.5.2) is itself."""
    try:
        at = ip_address(address)
    except ValueError:
        return False
    if isinstance(at, IPv6Address) and at.ipv4_mapped is not None:
        at = at.ipv4_mapped
    return any(at in ip_network(one) for one in networks)
