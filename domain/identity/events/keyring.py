"""What happened to the keys that sign access tokens."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event, recorded_as


@recorded_as("signing_key.added")
class SigningKeyAdded(Event, frozen=True, gc=False):
    """A key was made. It verifies at once and signs from `signs_from` on; its private part is in the vault, under `key_id`."""

    kid: str
    key_id: UUID
    signs_from: datetime


@recorded_as("signing_key.retired")
class SigningKeyRetired(Event, frozen=True, gc=False):
    """Nothing that this key signed is believed any more."""

    kid: str
