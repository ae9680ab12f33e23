"""How one wants to be told: what is shown in the app, what comes by mail, and when no mail comes."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Response
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out, if_match
from api.shared.parts import parts
from api.shared.querying import one
from api.shared.request import Req
from api.shared.routing import query, replace
from application.notifications.preferences import ChangePreferences, Preferred
from domain.notifications.choices import Channels
from domain.notifications.hours import Digest, Every, QuietHours
from domain.notifications.kind import Kind, Priority
from domain.notifications.preferences import Preferences, preferences_id
from domain.shared.refused import Forbidden

ClockTime = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
TimeZone = Annotated[
    str, Meta(min_length=1, max_length=60, pattern="^[A-Za-z0-9_+/-]+$", description="IANA name of a time zone.", examples=["Europe/Berlin"])
]


class ChannelsView(Body, frozen=True):
    """Whether a kind is shown in the app, and told by mail."""

    in_app: bool
    mail: bool


class QuietHoursView(Body, frozen=True, rename={"start": "from", "end": "to"}):
    """No mail from one time until another, on the clocks of a time zone; it comes afterwards."""

    start: ClockTime
    end: ClockTime
    time_zone: TimeZone = "UTC"


class DigestView(Body, frozen=True):
    """Mails gathered into one: each day at an hour, or each week on a day (1: Monday). `off`: each by itself."""

    every: Every = Every.OFF
    hour: Annotated[int, Meta(ge=0, le=23)] = 8
    weekday: Annotated[int, Meta(ge=1, le=7)] = 1
    time_zone: TimeZone = "UTC"


class PreferencesView(msgspec.Struct, frozen=True):
    """All preferences; `channels` has every kind. Mentions and security are always shown; security and invitations have a mail
    of their own, at once and always.
    """

    version: int
    channels: dict[Kind, ChannelsView]
    muted: list[Kind]
    min_priority: Priority
    quiet_hours: QuietHoursView | None
    digest: DigestView


class PreferencesBody(Body, frozen=True):
    """What is to be another way; what is left out stays. Below `min_priority`, and of kinds in `muted`, nothing is told."""

    further_rules: ClassVar[dict[str, Any]] = {"allOf": [{"properties": {"channels": {"propertyNames": {"enum": list(Kind)}}}}]}

    channels: Annotated[dict[Kind, ChannelsView], Meta(max_length=len(Kind))] | UnsetType = UNSET
    muted: Annotated[tuple[Kind, ...], Meta(max_length=len(Kind))] | UnsetType = UNSET
    min_priority: Priority | UnsetType = UNSET
    quiet_hours: QuietHoursView | UnsetType | None = UNSET
    digest: DigestView | UnsetType = UNSET


@query("/api/v1/notifications/preferences", needs="notifications:read", answers=PreferencesView, tags=["notifications"])
async def get_notification_preferences(request: Req) -> Response[bytes]:
    """How one is told."""
    known, own = parts(request), caller(request).id
    if own is None:
        raise Forbidden
    preferences, position = await known.log.load(Preferences, preferences_id(own))
    shown = msgspec.convert(Preferred.of(preferences), PreferencesView, from_attributes=True)
    return one(request, shown, version=preferences.version, position=position)


@replace("/api/v1/notifications/preferences", needs="notifications:manage", answers=PreferencesView, tags=["notifications"])
async def put_notification_preferences(request: Req, data: JSONBody[PreferencesBody]) -> Response[bytes]:
    """Be told in another way. Mentions and security cannot be muted (`not_mutable`); quiet hours delay mails and drop none."""
    wish = ChangePreferences(
        channels=UNSET if data.channels is UNSET else {kind: Channels(one.in_app, one.mail) for kind, one in data.channels.items()},
        muted=data.muted,
        min_priority=data.min_priority,
        quiet_hours=_meant(data.quiet_hours, QuietHours),
        digest=_meant(data.digest, Digest),
        if_match=if_match(request),
    )
    return await carry_out(request, wish, PreferencesView)


def _meant(said: Any, kind: type[msgspec.Struct]) -> Any:
    """What was said in the words of the domain; nothing, or that it is left out, stays that."""
    return said if said is None or said is UNSET else msgspec.convert(said, kind, from_attributes=True)
