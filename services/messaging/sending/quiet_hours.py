"""When marketing may be sent to a number, by the clocks of its recipient. Pure.

The hours are law of the place the recipient is in; secondary sources differ by state, so the table
has a version and a lawyer should confirm it. A number in several time zones, as every toll-free
number is, may be written to when the hours hold in all of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone

from services.messaging.sending.area_codes import STATES, state_of

VERSION = "hours-2025-1"

_LOOK_AHEAD = 9
"""Days in which there must be an hour: a week, a holiday and the change of the date."""

Hours = tuple[time, time] | None
"""From (inclusive) and to (exclusive) on a day; None is never."""


def _hours(start: int, end: int) -> Hours:
    return time(start), time(end)


def _never_on(_day: date) -> bool:
    return False


@dataclass(frozen=True)
class Week:
    """The hours of each day by local time, Monday first; none on the days off."""

    days: tuple[Hours, ...]
    is_day_off: Callable[[date], bool] = _never_on

    def on(self, day: date) -> Hours:
        """Return the hours of a day."""
        return None if self.is_day_off(day) else self.days[day.weekday()]


def _week(weekday: Hours, saturday: Hours, sunday: Hours) -> Week:
    return Week((weekday,) * 5 + (saturday, sunday))


def _daily(start: int, end: int) -> Week:
    return _week(*(_hours(start, end),) * 3)


def _french_holiday(day: date) -> bool:
    """Say whether a day is one of Code du travail L3133-1."""
    if (day.month, day.day) in {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11)}:
        return True
    after_easter = (day - _easter(day.year)).days
    return (day.month, day.day) == (12, 25) or after_easter in (1, 39, 50)


def _easter(year: int) -> date:
    """Return Easter Sunday (the anonymous Gregorian computus)."""
    century, _ = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    epact -= epact // 28 * (1 - 29 // (epact + 1) * ((21 - golden) // 11))
    weekday = (year + year // 4 + epact + 2 - century + century // 4) % 7
    shift = epact - weekday
    month = 3 + (shift + 40) // 44
    return date(year, month, shift + 28 - 31 * (month // 4))


CAREFUL = _week(_hours(10, 20), _hours(10, 20), _hours(12, 20))
"""Where the place is not known: a decision of ours, within every row below but Kentucky's, Rhode
Island's and France's days off."""

FEDERAL = _daily(8, 21)
"""47 CFR 64.1200(c)(1)."""

_STATES: dict[str, Week] = {
    # Fla. Stat. 501.059, 501.616; Okla. Stat. 15-775C; Md. Com. Law 14-45; Miss. Code 77-3-723;
    # N.J.S.A. 56:8-130; Ala. Code 8-19A; La. R.S. 45:844; Mass. G.L. 159C.
    **dict.fromkeys(("FL", "OK", "MD", "MS", "NJ", "AL", "LA", "MA"), _daily(8, 20)),
    # RCW 80.36.390.
    "WA": _daily(8, 20),
    # Conn. Gen. Stat. 42-288a.
    "CT": _daily(9, 20),
    # Tex. Bus. & Com. 301.051, 302; SB 140 (2025) counts texts.
    "TX": _week(_hours(9, 21), _hours(9, 21), _hours(12, 21)),
    # R.I. Gen. Laws 5-61-3.6.
    "RI": _week(_hours(9, 18), _hours(10, 17), _hours(10, 17)),
    # State rules for telephone solicitation that begin at nine.
    **dict.fromkeys(("CA", "IL", "MI", "MN"), _daily(9, 21)),
    # Ky. Rev. Stat. 367.46955.
    "KY": _daily(10, 21),
    # Va. Code 59.1-511.
    "VA": _daily(8, 21),
}

_COUNTRIES: dict[str, Week] = {
    # Telnyx's country pages on messaging, which name the local rules.
    "FR": Week(_week(_hours(8, 20), _hours(8, 20), None).days, _french_holiday),
    "IN": _daily(9, 21),
    "BR": _daily(9, 21),
    "SG": _daily(9, 21),
}


@dataclass(frozen=True)
class Place:
    """What a number tells of where its owner is."""

    name: str
    """A state such as `US-TX`, a country such as `FR`, or empty."""
    week: Week
    zones: tuple[str, ...]


@lru_cache(maxsize=4096)
def place_of(phone_number: str) -> Place:
    """Return what a number tells of a place; one that tells nothing gets the careful hours."""
    try:
        parsed = phonenumbers.parse(phone_number)
    except phonenumbers.NumberParseException:
        return Place("", CAREFUL, ())
    zones = tuple(name for name in timezone.time_zones_for_number(parsed) if _is_zone(name))
    if state := state_of(phone_number):
        # An overlay newer than the library's data has its state's zones.
        return Place(f"US-{state}", _STATES.get(state, FEDERAL), zones or _zones_of(state))
    country = phonenumbers.region_code_for_number(parsed) or ""
    return Place(country if country in _COUNTRIES else "", _COUNTRIES.get(country, CAREFUL), zones)


def next_open(phone_number: str, now: datetime) -> datetime | None:
    """Return the first instant from now on at which marketing may be sent, or None if never.

    None also when nothing is known of the number's time zone: nobody can tell the hour there.
    """
    place = place_of(phone_number)
    return first_open(place.week, place.zones, now)


def first_open(week: Week, zones: Sequence[str], now: datetime) -> datetime | None:
    """Return the first instant from now on at which the hours hold in every zone, or None."""
    open_times: list[tuple[datetime, datetime]] | None = None
    for name in zones:
        found = list(_open_times(week, ZoneInfo(name), now))
        open_times = found if open_times is None else list(_common(open_times, found))
    return next((max(start, now) for start, end in open_times or () if end > now), None)


def _open_times(week: Week, zone: ZoneInfo, now: datetime) -> Iterable[tuple[datetime, datetime]]:
    """Yield the hours of the coming days in one zone, as instants."""
    today = now.astimezone(zone).date()
    for offset in range(-1, _LOOK_AHEAD):
        day = today + timedelta(days=offset)
        if hours := week.on(day):
            start, end = (datetime.combine(day, hour, zone).astimezone(UTC) for hour in hours)
            yield start, end


def _common(
    one: Sequence[tuple[datetime, datetime]], other: Sequence[tuple[datetime, datetime]]
) -> Iterable[tuple[datetime, datetime]]:
    """Yield where both are open; each is in order and does not overlap itself."""
    mine, theirs = 0, 0
    while mine < len(one) and theirs < len(other):
        start = max(one[mine][0], other[theirs][0])
        end = min(one[mine][1], other[theirs][1])
        if start < end:
            yield start, end
        if one[mine][1] <= other[theirs][1]:
            mine += 1
        else:
            theirs += 1


@lru_cache
def _zones_of(state: str) -> tuple[str, ...]:
    codes = [code for code, owner in STATES.items() if owner == state]
    numbers = [phonenumbers.parse(f"+1{code}5550100") for code in codes]
    found = {zone for number in numbers for zone in timezone.time_zones_for_number(number)}
    return tuple(sorted(filter(_is_zone, found)))


def _is_zone(name: str) -> bool:
    try:
        return ZoneInfo(name) is not None and name != timezone.UNKNOWN_TIMEZONE
    except (ZoneInfoNotFoundError, ValueError):
        return False
