"""What people prefer, said by themselves or through the link at the end of a mail."""

from typing import Final, Self
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.shared.command import Command, handles
from application.shared.link_token import LinkToken
from application.shared.permissions import must
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from domain.identity.errors import InvalidLink
from domain.notifications.choices import Channels
from domain.notifications.hours import Digest, QuietHours
from domain.notifications.kind import Kind, Priority
from domain.notifications.preferences import Preferences, preferences_id
from domain.shared.refused import Forbidden

EVERYTHING: Final = "everything"
"""What the link of a digest turns off: mail about anything but security."""


class ChangePreferences(Command, frozen=True):
    """Be told in another way; what is left out stays. Of `channels`, the kinds that are named change."""

    channels: dict[Kind, Channels] | UnsetType = UNSET
    muted: tuple[Kind, ...] | UnsetType = UNSET
    min_priority: Priority | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET
    digest: Digest | UnsetType = UNSET
    if_match: int | None = None


class TurnMailOff(Command, frozen=True):
    """Use the link at the end of a mail: no mail about `what` (a kind, or `everything`) any more."""

    what: str
    token: str


class Preferred(msgspec.Struct, frozen=True):
    """All that a person prefers, with every kind of notification in `channels`."""

    version: int
    channels: dict[Kind, Channels]
    muted: tuple[Kind, ...]
    min_priority: Priority
    quiet_hours: QuietHours | None
    digest: Digest

    @classmethod
    def of(cls, preferences: Preferences) -> Self:
        """What these preferences come to."""
        said = preferences.choices
        channels = {kind: said.of(kind) for kind in Kind}
        return cls(preferences.version, channels, said.muted, said.min_priority, said.quiet_hours, said.digest)


@handles(ChangePreferences)
async def change_preferences(command: ChangePreferences, ports: Ports) -> Preferred:
    """Raises `Invalid` (`not_mutable`, `never_ends`, `unknown_time_zone`), `PreconditionFailed`."""
    must(ports.caller, "notifications:manage")
    user_id = ports.caller.id
    if user_id is None:
        raise Forbidden
    preferences = await ports.log.load(Preferences, preferences_id(user_id))
    must_be_version(preferences.version, command.if_match)
    said = {name: value for name, value in msgspec.structs.asdict(command).items() if value is not UNSET and name != "if_match"}
    if command.channels is not UNSET:
        said["channels"] = {**preferences.choices.channels, **command.channels}
    wanted = msgspec.structs.replace(preferences.choices, **said)
    return Preferred.of(ports.log.stage(preferences, *preferences.choose(user_id, wanted)))


@handles(TurnMailOff)
async def turn_mail_off(command: TurnMailOff, ports: Ports) -> None:
    """The link says whose mail; used again, nothing new happens. Raises `InvalidLink`."""
    token = LinkToken.parse(purpose(command.what), command.token, ports.sealing)
    if token is None:
        raise InvalidLink
    kinds = tuple(Kind) if command.what == EVERYTHING else (Kind(command.what),)
    preferences = await ports.log.load(Preferences, preferences_id(token.user_id))
    ports.log.stage(preferences, *preferences.turn_mail_off(token.user_id, kinds))


def purpose(what: str) -> str:
    """What the link of a mail is for, so that the link of one kind turns off no other."""
    return f"no mail about {what}"


def link(ports: Ports, address: str, what: str, user_id: UUID, mail_id: UUID) -> str:
    """Where a mail about this is turned off (RFC 8058): it says whose, proves that it came from here, and needs no signing in."""
    return f"{address}/unsubscribe?what={what}&token={LinkToken(purpose(what), user_id, mail_id).text(ports.sealing)}"
