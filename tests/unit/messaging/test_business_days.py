"""When a request must have been honored."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messaging.consent.business_days import holidays, is_business_day, request_deadline


@pytest.mark.parametrize(
    ("asked", "deadline"),
    [
        (date(2025, 6, 2), date(2025, 6, 16)),  # two plain weeks
        (date(2025, 6, 9), date(2025, 6, 24)),  # over Juneteenth, a Thursday
        (date(2025, 6, 27), date(2025, 7, 14)),  # over Independence Day, a Friday
        (date(2025, 11, 22), date(2025, 12, 8)),  # asked on a Saturday, over Thanksgiving
        (date(2025, 12, 19), date(2026, 1, 6)),  # over Christmas and New Year
        (date(2021, 12, 20), date(2022, 1, 5)),  # both on a Saturday, observed on the Friday
        (date(2026, 6, 26), date(2026, 7, 13)),  # July 4 on a Saturday, observed on July 3
        (date(2022, 12, 23), date(2023, 1, 10)),  # both on a Sunday, observed on the Monday
    ],
)
def test_ten_business_days_without_weekends_and_holidays(asked: date, deadline: date) -> None:
    """The deadline is the tenth business day after the request, at the same time of day."""
    noon = datetime(asked.year, asked.month, asked.day, 12, tzinfo=UTC)
    assert request_deadline(noon) == noon + (deadline - asked)


def test_the_holidays_of_a_year() -> None:
    """The eleven days of 5 U.S.C. 6103(a) in 2025, all on weekdays."""
    assert sorted(holidays(2025)) == [
        date(2025, 1, 1),
        date(2025, 1, 20),
        date(2025, 2, 17),
        date(2025, 5, 26),
        date(2025, 6, 19),
        date(2025, 7, 4),
        date(2025, 9, 1),
        date(2025, 10, 13),
        date(2025, 11, 11),
        date(2025, 11, 27),
        date(2025, 12, 25),
    ]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_between_request_and_deadline_are_ten_business_days(day: date) -> None:
    """Counting the days gives ten, the last of which is one, and never more than three weeks."""
    asked = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
    deadline = request_deadline(asked)
    days = [asked.date() + timedelta(days=n) for n in range(1, (deadline - asked).days + 1)]
    assert sum(map(is_business_day, days)) == 10
    assert is_business_day(days[-1])
    assert len(days) <= 18
