"""Quiet hours and digests by the clocks on people's walls: pure functions from one moment to a later one, right on days when clocks change."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec


class Every(StrEnum):
    """How often a digest comes."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return next((word for word in cls if isinstance(value, str) and word.value == value.lower()), None)


class QuietHours(msgspec.Struct, frozen=True, omit_defaults=True):
    """No mail from `start` until `end` (local times such as 22:00), over midnight where it ends earlier than it begins."""

    start: str
    end: str
    time_zone: str = "UTC"

    def over(self, moment: datetime) -> datetime:
        """The first moment from this one on (UTC) at which a mail may go; the same one where it may go now."""
        zone = zone_of(self.time_zone) or UTC
        for _ in range(4):  # On the day clocks jump over the end, the first answer may fall into the next quiet hours.
            until = self._end_after(moment, zone)
            if until is None:
                break
            moment = until
        return moment

    def hold(self, moment: datetime) -> bool:
        """Whether it is quiet at this moment."""
        return self._holds(moment.astimezone(zone_of(self.time_zone) or UTC).time())

    def _holds(self, local: time) -> bool:
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        return start <= local < end if start < end else local >= start or local < end

    def _end_after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        local = moment.astimezone(zone)
        if not self._holds(local.time()):
            return None
        end = time.fromisoformat(self.end)
        day = local.date() + timedelta(days=local.time() >= end)
        return _first_after(moment, datetime.combine(day, end), zone)


class Digest(msgspec.Struct, frozen=True, omit_defaults=True):
    """Mails gathered into one, at this local hour (0 to 23) each day, or on this day of each week (1: Monday)."""

    every: Every = Every.OFF
    hour: int = 8
    weekday: int = 1
    time_zone: str = "UTC"

    def next_after(self, moment: datetime) -> datetime:
        """When the next one is due (UTC), after this moment. Once a day, also when that day has the hour twice or not at all."""
        zone = zone_of(self.time_zone) or UTC
        day = moment.astimezone(zone).date()
        for nth in range(9):
            on = day + timedelta(days=nth)
            due = datetime.combine(on, time(self.hour), tzinfo=zone).astimezone(UTC)
            if due > moment and (self.every is not Every.WEEKLY or on.isoweekday() == self.weekday):
                return due
        raise AssertionError("nine days have every weekday twice")  # pragma: no cover


def _first_after(moment: datetime, local: datetime, zone: tzinfo) -> datetime:
    """When clocks in a zone first show this after a moment; where they jump over it, an hour's shift later (PEP 495)."""
    found = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min((one for one in found if one > moment), default=moment + timedelta(minutes=1))


def zone_of(name: str) -> tzinfo | None:
    """A time zone by its IANA name; None where there is none of that name here."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as "Europe".
        return None
