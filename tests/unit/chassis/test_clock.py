from datetime import UTC, datetime, timedelta, timezone

import pytest

from chassis.clock import Clock, FixedClock, SystemClock


def test_the_system_clock_tells_aware_utc() -> None:
    """The time is aware and in UTC."""
    assert SystemClock().now().tzinfo is UTC


def test_a_fixed_clock_moves_only_when_told() -> None:
    """A fixed clock stands still, moves both ways, and speaks UTC whatever it was given."""
    clock = FixedClock(datetime(2026, 11, 21, 3, tzinfo=timezone(timedelta(hours=2))))
    reader: Clock = clock
    assert reader.now() == reader.now() == datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert reader.now().tzinfo is UTC
    clock.advance(timedelta(hours=-2))
    assert reader.now() == datetime(2026, 11, 20, 23, tzinfo=UTC)


def test_a_fixed_clock_refuses_a_naive_time() -> None:
    """A time without a zone is a mistake."""
    with pytest.raises(ValueError):
        FixedClock(datetime(2026, 11, 21))  # noqa: DTZ001 - the mistake
