"""When somebody is there: a week in a time zone, less the days on which nobody is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTES_OF_A_DAY = 24 * 60
_LONGEST_CLOSURE = timedelta(days=400)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when we have been closed if we were not open within a year."""


@dataclass(frozen=True, slots=True, order=True)
class OpenSpan:
    """One span of a day; weekdays from 1 for Monday, minutes of the day, the end excluded."""

    weekday: int
    open_minute: int
    close_minute: int


@dataclass(frozen=True, slots=True, order=True)
class Closure:
    """Days in a row, both ends included, on which we are closed."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """The hours of a week in an IANA time zone, and the days that are exceptions."""

    time_zone: str
    open_spans: tuple[OpenSpan, ...]
    closures: tuple[Closure, ...] = ()

    def closed_since(self, instant: datetime) -> datetime | None:
        """Return when the closure began that goes on at this instant; None when we are open."""
        for start, end in self._spans_back(instant):
            if start <= instant < end:
                return None
            if end <= instant:
                return end
        return ALWAYS

    def faults(self) -> list[str]:
        """Return why these hours cannot be."""
        found = [] if _is_zone(self.time_zone) else ["time_zone is not known"]
        if any(each.last < each.first for each in self.closures):
            found.append("a closure ends before it starts")
        return found

    def _spans_back(self, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Give the open spans from tomorrow backwards, as instants.

        Tomorrow is looked at because a clock that is set back may end a day twice.
        """
        zone = ZoneInfo(self.time_zone)
        today = instant.astimezone(zone).date()
        for back in range(-1, _LONGEST_CLOSURE.days):
            day = today - timedelta(days=back)
            if not any(each.first <= day <= each.last for each in self.closures):
                yield from self._spans_of(day, zone)

    def _spans_of(self, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        spans = [
            (_instant(day, span.open_minute, zone), _instant(day, span.close_minute, zone))
            for span in self.open_spans
            if span.weekday == day.isoweekday()
        ]
        return sorted(spans, key=lambda span: span[1], reverse=True)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return when a clock on the wall shows this minute; the first time if it does so twice."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone follows
    wall = midnight + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone).astimezone(UTC)
