"""When somebody is there: a week in a time zone, its exceptions and an emergency switch. Pure.

Hours are read off a clock on the wall. An hour that passes twice counts both times, an hour the
clock skips never counts; so nothing here adds to a wall clock's time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.errors import FieldViolation

_LOOK_AHEAD = 400
"""Days to look ahead for the next opening; no closure is meant to be longer."""
_DAY = timedelta(days=1)


class Status(StrEnum):
    """Whether we are open, or what closes us."""

    OPEN = "OPEN"
    OUTSIDE_HOURS = "OUTSIDE_HOURS"
    HOLIDAY = "HOLIDAY"
    EMERGENCY = "EMERGENCY"


@dataclass(frozen=True, slots=True)
class Openness:
    """Whether we are open at a moment, and why not: the holiday's name, the emergency's note."""

    status: Status
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Say whether calls are taken."""
        return self.status is Status.OPEN


ALWAYS_OPEN = Openness(Status.OPEN, "has no hours")
"""The state of whoever has no hours."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Minutes of a day, the end excluded; 1440 is midnight."""

    open_minute: int
    close_minute: int

    def has(self, minute: int) -> bool:
        """Say whether a minute of the day is in the span."""
        return self.open_minute <= minute < self.close_minute


@dataclass(frozen=True, slots=True, order=True)
class WeeklySpan:
    """A span of a weekday, from 1 for Monday (ISO 8601)."""

    weekday: int
    span: Span


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days in a row, both ends included, with spans of their own; none means closed all day."""

    first: date
    last: date
    display_name: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Emergency:
    """A closure at once; no start means since ever, no end until it is taken out."""

    note: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def covers(self, now: datetime) -> bool:
        """Say whether the closure holds at a moment; its end is excluded."""
        begun = self.start is None or self.start <= now
        return begun and (self.end is None or now < self.end)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours in which calls are taken, in an IANA time zone."""

    time_zone: str
    week: tuple[WeeklySpan, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    emergency: Emergency | None = None

    def state(self, now: datetime) -> Openness:
        """Return whether we are open at an instant, and why not."""
        if self.emergency and self.emergency.covers(now):
            return Openness(Status.EMERGENCY, self.emergency.note)
        wall = now.astimezone(_zone(self.time_zone))
        minute = wall.hour * 60 + wall.minute
        holiday = self._holiday(wall.date())
        if any(span.has(minute) for span in self._spans(wall.date())):
            return Openness(Status.OPEN, holiday.display_name if holiday else "")
        if holiday:
            return Openness(Status.HOLIDAY, holiday.display_name)
        return Openness(Status.OUTSIDE_HOURS)

    def is_open(self, now: datetime) -> bool:
        """Say whether calls are taken at an instant."""
        return self.state(now).is_open

    def next_open(self, now: datetime) -> datetime | None:
        """Return the first instant from `now` on at which we are open; None within 400 days."""
        if self.is_open(now):
            return now
        return next((each for each in self._changes(now) if self.is_open(each)), None)

    def faults(self, path: str = "") -> list[FieldViolation]:
        """Return everything about these hours that cannot be, by field below `path`."""
        at = f"{path}." if path else ""
        found = [] if is_zone(self.time_zone) else [_fault(f"{at}time_zone", "is no IANA zone")]
        for index, weekly in enumerate(self.week):
            if not _is_span(weekly.span) or not 1 <= weekly.weekday <= 7:
                found.append(_fault(f"{at}weekly_spans[{index}]", "is no span of a day"))
        for index, holiday in enumerate(self.holidays):
            if holiday.last < holiday.first:
                found.append(_fault(f"{at}holidays[{index}].end_date", "is before start_date"))
            if not all(map(_is_span, holiday.spans)):
                found.append(_fault(f"{at}holidays[{index}].open_spans", "has no span of a day"))
        if self.emergency and not _is_ordered(self.emergency):
            found.append(_fault(f"{at}emergency_closure.end_time", "is not after start_time"))
        return found

    def _holiday(self, day: date) -> Holiday | None:
        return next((each for each in self.holidays if each.first <= day <= each.last), None)

    def _spans(self, day: date) -> Sequence[Span]:
        holiday = self._holiday(day)
        if holiday:
            return holiday.spans
        return [each.span for each in self.week if each.weekday == day.isoweekday()]

    def _changes(self, now: datetime) -> Iterator[datetime]:
        """Yield, in order, the instants after `now` at which the state may change."""
        if self.emergency and self.emergency.end is None and self.emergency.covers(now):
            return
        zone = _zone(self.time_zone)
        today = now.astimezone(zone).date()
        # The day before is looked at too: a clock set back over midnight shows its end again.
        for ahead in range(-1, _LOOK_AHEAD):
            yield from (each for each in self._edges(today + ahead * _DAY, zone) if each > now)

    def _edges(self, day: date, zone: tzinfo) -> Sequence[datetime]:
        """Return in order when the state may change on a day.

        That is where the day and its spans begin and end, where its clock is set, and where an
        emergency begins and ends.
        """
        minutes = {0, *(minute for span in self._spans(day) for minute in _ends(span))}
        found = {instant for minute in minutes for instant in _instants(day, minute, zone)}
        begin, end = _instants(day, 0, zone)[0], _instants(day + _DAY, 0, zone)[0]
        closure = self.emergency or Emergency()
        sudden = {edge for edge in (closure.start, closure.end) if edge and begin <= edge < end}
        return sorted(found | sudden | set(_clock_changes(begin, end, zone)))


def is_zone(name: str) -> bool:
    """Say whether a name is an IANA time zone that is known here."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _zone(name: str) -> tzinfo:
    """Return a zone; one that is not known here any more reads as UTC, for no call to fail by."""
    return ZoneInfo(name) if is_zone(name) else UTC


def to_json(hours: Hours) -> dict[str, Any]:
    """Return hours as a JSON object, for a column."""
    return {
        "time_zone": hours.time_zone,
        "week": [[each.weekday, *_ends(each.span)] for each in hours.week],
        "holidays": [
            {
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
                "display_name": each.display_name,
                "spans": [_ends(span) for span in each.spans],
            }
            for each in hours.holidays
        ],
        "emergency": _emergency_json(hours.emergency),
    }


def from_json(stored: Mapping[str, Any]) -> Hours:
    """Return the hours `to_json` gave."""
    holidays = (
        Holiday(
            date.fromisoformat(each["first"]),
            date.fromisoformat(each["last"]),
            each["display_name"],
            tuple(Span(*span) for span in each["spans"]),
        )
        for each in stored["holidays"]
    )
    week = (WeeklySpan(weekday, Span(*ends)) for weekday, *ends in stored["week"])
    emergency = stored["emergency"] and Emergency(
        stored["emergency"]["note"],
        _time(stored["emergency"]["start"]),
        _time(stored["emergency"]["end"]),
    )
    return Hours(stored["time_zone"], tuple(week), tuple(holidays), emergency or None)


def _emergency_json(emergency: Emergency | None) -> dict[str, str] | None:
    if emergency is None:
        return None
    start, end = emergency.start, emergency.end
    return {
        "note": emergency.note,
        "start": start.isoformat() if start else "",
        "end": end.isoformat() if end else "",
    }


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _ends(span: Span) -> tuple[int, int]:
    return span.open_minute, span.close_minute


def _is_span(span: Span) -> bool:
    return 0 <= span.open_minute < span.close_minute <= 24 * 60


def _is_ordered(emergency: Emergency) -> bool:
    if emergency.start is None or emergency.end is None:
        return True
    return emergency.start < emergency.end


def _fault(field: str, description: str) -> FieldViolation:
    return FieldViolation(field, description)


def _instants(day: date, minute: int, zone: tzinfo) -> list[datetime]:
    """Return when a clock on the wall shows a minute of a day: once, or twice."""
    midnight = datetime.combine(day, time.min) + timedelta(minutes=minute)
    walls = (midnight.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return sorted({wall.astimezone(UTC) for wall in walls})


def _clock_changes(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the minute between two instants from which on the clock is set differently."""
    offset = begin.astimezone(zone).utcoffset()
    if offset == end.astimezone(zone).utcoffset():
        return
    before, after = 0, int((end - begin).total_seconds() // 60)
    while after - before > 1:
        middle = (before + after) // 2
        moved = (begin + timedelta(minutes=middle)).astimezone(zone).utcoffset() != offset
        before, after = (before, middle) if moved else (middle, after)
    yield begin + timedelta(minutes=after)
