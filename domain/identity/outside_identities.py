"""The outside identities a person can sign in with (OpenID Connect): at most one of each provider."""

from typing import Self
from uuid import UUID, uuid5

import msgspec

from domain.identity.errors import IdentityTaken, LastWayIn
from domain.identity.events import IdentityLinked, IdentityUnlinked, Sealed
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event
from domain.shared.refused import NotFound


def identities_id(user_id: UUID) -> UUID:
    """The stream of a person's outside identities."""
    return uuid5(user_id, "outside identities")


class Identity(msgspec.Struct, frozen=True):
    """Who somebody is at a provider; an e-mail may change hands, issuer and subject never do (OpenID Connect Core, 5.7)."""

    provider: str
    issuer: str
    subject: Sealed


class OutsideIdentities(Aggregate, frozen=True):
    """All of one person."""

    user_id: UUID = NOBODY
    linked: tuple[Identity, ...] = ()

    def of(self, provider: str) -> Identity:
        """The one at a provider; raises `NotFound`."""
        for identity in self.linked:
            if identity.provider == provider:
                return identity
        raise NotFound

    def link(self, user_id: UUID, identity: Identity) -> list[Event]:
        """Let the person sign in with it, too; raises `IdentityTaken` where they have another one of that provider."""
        if any(known.provider == identity.provider for known in self.linked):
            raise IdentityTaken("This account is linked with another identity of this provider; unlink that first.")
        return [IdentityLinked(user_id=user_id, provider=identity.provider, issuer=identity.issuer, subject=identity.subject)]

    def unlink(self, provider: str, *, has_password: bool) -> list[Event]:
        """Do without it; raises `NotFound`, and `LastWayIn` where nothing else is left to sign in with."""
        identity = self.of(provider)
        if len(self.linked) == 1 and not has_password:
            raise LastWayIn
        return [IdentityUnlinked(user_id=self.user_id, provider=identity.provider, issuer=identity.issuer)]

    def evolve(self, event: Event) -> Self:
        """The identities after one more fact."""
        match event:
            case IdentityLinked(user_id=user_id, provider=provider, issuer=issuer, subject=subject):
                return self.but(user_id=user_id, linked=(*self.linked, Identity(provider, issuer, subject)))
            case IdentityUnlinked(provider=provider):
                return self.but(linked=tuple(known for known in self.linked if known.provider != provider))
        return self
