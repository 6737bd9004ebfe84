"""Business days as the rules on consent count them.

A request must be honored within ten business days: 47 CFR 64.1200(a)(10), (a)(11) and (d)(3).
Saturdays, Sundays and the legal public holidays of 5 U.S.C. 6103(a) do not count. A holiday on a
Saturday is observed on the Friday before (5 U.S.C. 6103(b)) and one on a Sunday on the Monday after
(Executive Order 11582).
"""

from datetime import date, datetime, timedelta

REQUEST_DAYS = 10
"""How many business days there are to honor a request."""

_DAY = timedelta(days=1)
_FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
"""New Year, Juneteenth, Independence Day, Veterans Day, Christmas: month and day."""
_NTH_MONDAY = ((1, 3), (2, 3), (9, 1), (10, 2))
"""Martin Luther King, Washington's Birthday, Labor Day, Columbus Day: month and which Monday."""
_MONDAY, _THURSDAY, _SATURDAY = 0, 3, 5


def request_deadline(asked: datetime) -> datetime:
    """Return when a request must have been honored: the same time of day ten business days on."""
    day, left = asked.date(), REQUEST_DAYS
    while left:
        day += _DAY
        left -= is_business_day(day)
    return asked + (day - asked.date())


def is_business_day(day: date) -> bool:
    """Say whether a day counts."""
    return day.weekday() < _SATURDAY and not _is_holiday(day)


def _is_holiday(day: date) -> bool:
    # New Year on a Saturday is observed in the year before.
    return any(day in holidays(year) for year in (day.year, day.year + 1))


def holidays(year: int) -> frozenset[date]:
    """Return the days on which the federal holidays of a year are observed."""
    moving = [_nth(year, month, _MONDAY, number) for month, number in _NTH_MONDAY]
    memorial_day = _nth(year, 6, _MONDAY, 1) - 7 * _DAY
    thanksgiving = _nth(year, 11, _THURSDAY, 4)
    fixed = [_observed(date(year, month, day)) for month, day in _FIXED]
    return frozenset([*fixed, *moving, memorial_day, thanksgiving])


def _observed(day: date) -> date:
    match day.weekday():
        case 5:
            return day - _DAY
        case 6:
            return day + _DAY
        case _:
            return day


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + (weekday - first.weekday()) % 7 * _DAY + (number - 1) * 7 * _DAY
