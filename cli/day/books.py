"""What voice says of a day, as it came over gRPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Entry:
    """Somebody's place in a queue, as it ended. `ahead` is what VIPs and the like were given."""

    entry_id: str
    leg_id: str
    queue_id: str
    kind: str
    state: str
    outcome: str
    caller_number: str
    is_vip: bool
    ahead: float
    skills: Mapping[str, int]
    preferred: str
    enqueued: datetime
    entered: datetime
    left: datetime | None
    attempts: int = 0


@dataclass(frozen=True)
class Fact:
    """One line of the ledger."""

    kind: str
    start: datetime
    end: datetime
    queue_id: str = ""
    entry_id: str = ""
    offer_id: str = ""
    agent_id: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Match:
    """A decision about who was offered to whom: the agents accepted by it."""

    entry_id: str
    agents: tuple[str, ...]
    reasons: int
    """How many rejected options it names."""


@dataclass(frozen=True)
class Figures:
    """The metrics of one queue."""

    queue_id: str
    offered: int
    answered: int
    abandoned: int
    short_abandons: int
    callbacks_asked: int
    callbacks_completed: int
    offers: int
    missed: int
    declined: int
    waiting: int
    average_wait: float
    """Seconds, 0 when nobody was answered."""
    service_level: float | None


@dataclass(frozen=True)
class Books:
    """All of it; `calls` are the legs voice knows to have ended, by id, and how often."""

    entries: Sequence[Entry]
    facts: Sequence[Fact]
    matches: Sequence[Match]
    figures: Sequence[Figures]
    calls: Mapping[str, int] = field(default_factory=dict)
    living: frozenset[str] = frozenset()
    """Legs voice believes to be alive."""
    voicemails: Mapping[str, int] = field(default_factory=dict)
    """How many voicemails there are, by leg."""
    presence: Sequence[tuple[datetime, datetime, str, str]] = ()
    """When which agent was told to be what: asked, answered, agent, presence."""
