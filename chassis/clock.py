"""Time as a thing that is passed in, so that tests decide what time it is."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tell the time."""

    def now(self) -> datetime:
        """Return the current instant, always aware and in UTC."""
        ...


class SystemClock:
    """Tell the time of the machine."""

    def now(self) -> datetime:
        """Return the current instant."""
        return datetime.now(UTC)


class FixedClock:
    """Tell one instant until told to move; for tests and replays."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant the clock stands at."""
        return self._instant

    def advance(self, delta: timedelta) -> None:
        """Move by `delta`, which may be negative."""
        self._instant += delta
