"""What a queue is: how callers are put in order there, and how long everything may take; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


class Hours(Protocol):
    """When a queue is open."""

    def is_open(self, now: datetime) -> bool:
        """Say whether it is open at this moment."""
        ...

    def next_open(self, now: datetime) -> datetime | None:
        """Return when it is open next, `now` if it is, None when it never is."""
        ...


@dataclass(frozen=True, slots=True)
class Scoring:
    """What callers are given ahead, as waiting time."""

    vip: timedelta = timedelta(seconds=300)
    escalated: timedelta = timedelta(seconds=180)
    credit_window: timedelta = timedelta(minutes=30)
    """How long after giving up a caller gets the wait they gave up credited."""
    credit_cap: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CallbackOffer:
    """From when on callers are offered to be called back, and how that is done."""

    wait: timedelta = timedelta(seconds=90)
    expected_wait: timedelta = timedelta(seconds=120)
    attempts: int = 3
    spacing: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How a queue works. Without hours it is always open."""

    queue_id: str
    display_name: str = ""
    hours: Hours | None = None
    scoring: Scoring = Scoring()
    required_skills: Mapping[str, int] = field(default_factory=dict)
    ring_time: timedelta = timedelta(seconds=20)
    wrap_up: timedelta = timedelta(seconds=30)
    max_wait: timedelta = timedelta(seconds=300)
    max_size: int = 50
    hold_music_url: str = ""
    announce_first: timedelta = timedelta(seconds=20)
    announce_every: timedelta = timedelta(seconds=60)
    callback_offer: CallbackOffer | None = None
    short_abandon: timedelta = timedelta(seconds=5)
    service_level: timedelta = timedelta(seconds=20)
    relax_after: timedelta = timedelta(seconds=60)
    relax_every: timedelta = timedelta(seconds=30)
    sticky_wait: timedelta = timedelta(seconds=15)
    short_talk: timedelta = timedelta(seconds=5)
    """A conversation that the agent's side ends sooner counts as cut off."""

    def is_open(self, now: datetime) -> bool:
        """Say whether callers are let in."""
        return self.hours is None or self.hours.is_open(now)

    def next_open(self, now: datetime) -> datetime | None:
        """Return when callers are let in next, `now` if they are, None when never."""
        return now if self.hours is None else self.hours.next_open(now)


def required(entry: Mapping[str, int], queue: Queue) -> Mapping[str, int]:
    """Return what an agent must be able to do: of two levels for a skill the higher."""
    return {
        skill: max(entry.get(skill, 0), queue.required_skills.get(skill, 0))
        for skill in entry.keys() | queue.required_skills.keys()
    }
