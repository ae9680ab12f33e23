"""The outside identities a person can sign in with, for themselves: from their own history, never behind."""

from uuid import UUID

import msgspec

from domain.identity.outside_identities import OutsideIdentities, identities_id
from projections.identity.me import Accounts
from projections.identity.person_keys import PersonKeys


class LinkedIdentity(msgspec.Struct, frozen=True):
    """Who somebody is at a provider: issuer and subject (OpenID Connect Core, 5.7)."""

    provider: str
    issuer: str
    subject: str


async def outside_identities(log: Accounts, names: PersonKeys, user_id: UUID) -> tuple[list[LinkedIdentity], int]:
    """All of them, and the position of the log they are shown at."""
    known, position = await log.load(OutsideIdentities, identities_id(user_id))
    return [LinkedIdentity(one.provider, one.issuer, (await names.open(user_id, one.subject))[0]) for one in known.linked], position
