"""What a person wants to be told, how and when: the value, and what follows from it for one notification."""

from datetime import datetime
from typing import Final

import msgspec

from domain.notifications.hours import Digest, Every, QuietHours, zone_of
from domain.notifications.kind import ALWAYS_MAILED, MAILED, PRIORITIES, UNMUTABLE, Kind, Priority
from domain.shared.fields import error, refuse


class Channels(msgspec.Struct, frozen=True):
    """Whether a kind is shown in the app, and told by mail."""

    in_app: bool = True
    mail: bool = False


class Way(msgspec.Struct, frozen=True):
    """How one notification goes: shown in the app, and by mail, at once or at `mail_at`, alone or with others in a digest."""

    in_app: bool
    mail: bool
    mail_at: datetime | None = None
    in_digest: bool = False

    def __bool__(self) -> bool:
        return self.in_app or self.mail


DEFAULTS: Final = {kind: Channels(mail=kind in MAILED | ALWAYS_MAILED) for kind in Kind}


class Choices(msgspec.Struct, frozen=True, omit_defaults=True):
    """All choices of a person; `channels` holds those kinds that differ from the usual way."""

    channels: dict[Kind, Channels] = {}
    muted: tuple[Kind, ...] = ()
    min_priority: Priority = Priority.LOW
    quiet_hours: QuietHours | None = None
    digest: Digest = Digest()

    def of(self, kind: Kind) -> Channels:
        """The channels of a kind, by its own switches alone."""
        return self.channels.get(kind, DEFAULTS[kind])

    def wants_mail(self, kind: Kind) -> bool:
        """Whether a kind may be told by mail at all."""
        return self.of(kind).mail and kind not in self.muted

    def way(self, kind: Kind, now: datetime) -> Way:
        """How a notification of this kind goes at this moment. Quiet hours only delay; mentions and security are always shown.

        Of what has a mail of its own (`ALWAYS_MAILED`), there is none here.
        """
        if kind in UNMUTABLE:
            in_app = True
        elif kind in self.muted or not PRIORITIES[kind].reaches(self.min_priority):
            return Way(in_app=False, mail=False)
        else:
            in_app = self.of(kind).in_app
        if not self.of(kind).mail or kind in ALWAYS_MAILED:
            return Way(in_app=in_app, mail=False)
        if self.digest.every is not Every.OFF:
            return Way(in_app=in_app, mail=True, mail_at=self._aloud(self.digest.next_after(now)), in_digest=True)
        at = self._aloud(now)
        return Way(in_app=in_app, mail=True, mail_at=at if at > now else None)

    def without_mail(self, *kinds: Kind) -> "Choices":
        """The same, but these kinds are not told by mail any more."""
        off = {kind: Channels(in_app=self.of(kind).in_app, mail=False) for kind in kinds if kind not in ALWAYS_MAILED}
        return msgspec.structs.replace(self, channels={**self.channels, **off})

    def _aloud(self, moment: datetime) -> datetime:
        return moment if self.quiet_hours is None else self.quiet_hours.over(moment)


def judged(choices: Choices) -> Choices:
    """The same choices without what says nothing; raises `Invalid` naming all that cannot be chosen."""
    errors = [
        *(error(f"/muted/{nth}", "not_mutable", "this is always told") for nth, kind in enumerate(choices.muted) if kind in UNMUTABLE),
        *(error(f"/channels/{kind}", "not_mutable", "this is always told") for kind in choices.channels if _silences(kind, choices.channels[kind])),
        *_misfits(choices),
    ]
    refuse([one for found in errors for one in found])
    told = {kind: channels for kind, channels in choices.channels.items() if channels != DEFAULTS[kind]}
    return msgspec.structs.replace(choices, channels=told, muted=tuple(dict.fromkeys(choices.muted)))


def _silences(kind: Kind, channels: Channels) -> bool:
    return (kind in UNMUTABLE and not channels.in_app) or (kind in ALWAYS_MAILED and not channels.mail)


def _misfits(choices: Choices) -> list[list[dict[str, str]]]:
    quiet, found = choices.quiet_hours, []
    if quiet is not None and quiet.start == quiet.end:
        found.append(error("/quiet_hours/to", "never_ends", "quiet hours end at another time than they begin"))
    for pointer, said in (("/quiet_hours", quiet), ("/digest", choices.digest)):
        if said is not None and zone_of(said.time_zone) is None:
            found.append(error(f"{pointer}/time_zone", "unknown_time_zone", "not the IANA name of a time zone"))
    return found
