"""Somebody's place in a queue; pure.

An entry waits, is offered to an agent, is connected and leaves. It may go back from OFFERED and
from CONNECTED to WAITING, at the head of the queue, as often as an offer comes to nothing. LEFT is
the end: nothing changes an entry that has left.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.voice.queues.queue import CallbackOffer, Hours, Queue, Scoring, required

__all__ = [
    "MOST_OFFERS",
    "RESTS",
    "SETTLES",
    "Boost",
    "CallbackOffer",
    "Entrant",
    "Entry",
    "EntryState",
    "Hours",
    "Kind",
    "NotEntered",
    "Outcome",
    "Queue",
    "Scoring",
    "Talk",
    "abandon",
    "carrier_queue",
    "required",
]

RESTS = timedelta(seconds=30)
"""How long an entry that too many agents have failed waits to be moved on by its plan."""

SETTLES = timedelta(seconds=1)
"""How long after a conversation broke off an entry is left alone.

The two legs of a conversation end in two events, in either order. Whoever hung up themselves shows
within that time, and nobody is rung for them.
"""

MOST_OFFERS = 3
"""Offers that may fail before a plan moves a caller on."""

_QUEUES = uuid.UUID("0d0f6f3e-6d0b-5f53-8a3c-0b1f3d5f6a11")
"""Never change it: the carrier's queues of callers who wait are named by it."""

_ZERO = timedelta()


class Kind(StrEnum):
    """What waits."""

    CALL = "CALL"
    """A caller on the line."""
    CALLBACK = "CALLBACK"
    """A customer who hung up and will be called back; the place is kept."""


class EntryState(StrEnum):
    """How far an entry has come."""

    WAITING = "WAITING"
    OFFERED = "OFFERED"
    """An agent is being rung or asked."""
    CONNECTED = "CONNECTED"
    """An agent has taken it."""
    LEFT = "LEFT"


class Outcome(StrEnum):
    """How an entry left."""

    HANDLED = "HANDLED"
    ABANDONED = "ABANDONED"
    SHORT_ABANDONED = "SHORT_ABANDONED"
    CALLBACK = "CALLBACK"
    VOICEMAIL = "VOICEMAIL"
    OVERFLOWED = "OVERFLOWED"
    TIMED_OUT = "TIMED_OUT"
    TRANSFERRED = "TRANSFERRED"
    REMOVED = "REMOVED"
    LOST = "LOST"
    TECHNICAL = "TECHNICAL"
    UNREACHED = "UNREACHED"
    """A callback whose customer could not be reached in all attempts."""


class NotEntered(StrEnum):
    """Why nobody was let into a queue."""

    QUEUE_FULL = "QUEUE_FULL"
    QUEUE_CLOSED = "QUEUE_CLOSED"
    QUEUE_UNKNOWN = "QUEUE_UNKNOWN"


@dataclass(frozen=True, slots=True)
class Boost:
    """Waiting time a plan gives a caller, and what for."""

    label: str
    ahead: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Who wants to enter a queue."""

    leg_id: str
    queue_id: str
    enqueue_time: datetime
    """When the caller began to wait; what the score counts from."""
    journey_id: str = ""
    caller_number: str = ""
    is_vip: bool = False
    escalated: bool = False
    credit: timedelta = _ZERO
    """The wait given up shortly before; the queue's cap is applied."""
    boosts: tuple[Boost, ...] = ()
    required_skills: Mapping[str, int] = field(default_factory=dict)
    """On top of the queue's; of two levels for a skill the higher counts."""
    language: str = ""
    preferred_agent_id: str = ""
    decision_id: str = ""
    kind: Kind = Kind.CALL
    max_offers: int = MOST_OFFERS
    """Offers that may fail before the entry is exhausted; 0 is without end."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: with whom, and for how long."""

    agent_id: str
    start_time: datetime
    end_time: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasted; never negative."""
        return max(self.end_time - self.start_time, _ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody's place in a queue."""

    entry_id: str
    leg_id: str
    queue_id: str
    enqueue_time: datetime
    enter_time: datetime
    journey_id: str = ""
    kind: Kind = Kind.CALL
    state: EntryState = EntryState.WAITING
    outcome: Outcome | None = None
    caller_number: str = ""
    is_vip: bool = False
    escalated: bool = False
    credit: timedelta = _ZERO
    boosts: tuple[Boost, ...] = ()
    priority: timedelta = _ZERO
    required_skills: Mapping[str, int] = field(default_factory=dict)
    language: str = ""
    preferred_agent_id: str = ""
    decision_id: str = ""
    max_offers: int = MOST_OFFERS
    front: bool = False
    offers: int = 0
    """How many agents have been asked, since ever."""
    failed_offers: int = 0
    """How many of them in vain, since the entry came to this queue."""
    exhausted: bool = False
    """Too many were asked in vain: it rests, for its plan to move it on."""
    declined_by: frozenset[str] = frozenset()
    """Agents who said no to it; they are not asked again."""
    attempts: int = 0
    """How often the customer of a callback was called."""
    not_before: datetime | None = None
    agent_id: str = ""
    offer_id: str = ""
    talk: Talk | None = None
    """The last conversation."""
    left_time: datetime | None = None

    @property
    def is_alive(self) -> bool:
        """Say whether it is still in the queue."""
        return self.state is not EntryState.LEFT

    @property
    def waits(self) -> bool:
        """Say whether it has a position: it waits, or an agent is being asked."""
        return self.state in (EntryState.WAITING, EntryState.OFFERED)

    def waited(self, now: datetime) -> timedelta:
        """Return how long it has waited, or did until it left; never negative."""
        return max((self.left_time or now) - self.enqueue_time, _ZERO)

    def offered(self, offer_id: str, agent_id: str) -> "Entry":
        """Return the entry with an agent being asked."""
        return replace(
            self,
            state=EntryState.OFFERED,
            offers=self.offers + 1,
            offer_id=offer_id,
            agent_id=agent_id,
        )

    def returned(self, now: datetime, *, declined_by: str = "") -> "Entry":
        """Return the entry after an offer came to nothing: at the head, its time unchanged."""
        failed = self.failed_offers + 1
        exhausted = 0 < self.max_offers <= failed
        return replace(
            self,
            state=EntryState.WAITING,
            front=True,
            failed_offers=failed,
            exhausted=exhausted,
            not_before=now + RESTS if exhausted else None,
            declined_by=self.declined_by | ({declined_by} if declined_by else set()),
            offer_id="",
            agent_id="",
        )

    def connected(self) -> "Entry":
        """Return the entry with an agent who has taken it; a customer is called back now."""
        calls = 1 if self.kind is Kind.CALLBACK else 0
        return replace(self, state=EntryState.CONNECTED, attempts=self.attempts + calls)

    def cut_off(self, now: datetime, talk: Talk | None) -> "Entry":
        """Return the entry after a conversation broke off: at the head, after a moment."""
        back = self.returned(now)
        return replace(back, not_before=back.not_before or now + SETTLES, talk=talk or self.talk)

    def resumed(self) -> "Entry":
        """Return an exhausted entry that nobody has moved on: it is tried again."""
        return replace(self, exhausted=False, failed_offers=0, not_before=None)

    def moved(self, queue_id: str, skills: Mapping[str, int], now: datetime) -> "Entry":
        """Return the entry in another queue; it keeps its time and begins its offers anew."""
        return replace(
            self.resumed(),
            queue_id=queue_id,
            required_skills=skills,
            enter_time=now,
            declined_by=frozenset(),
        )

    def called_back(self, number: str) -> "Entry":
        """Return the entry as a callback in the same place."""
        return replace(self, kind=Kind.CALLBACK, caller_number=number)

    def missed(self, not_before: datetime) -> "Entry":
        """Return a callback whose customer was not reached: it waits for its next attempt."""
        return replace(
            self,
            state=EntryState.WAITING,
            not_before=not_before,
            offer_id="",
            agent_id="",
        )

    def left(self, outcome: Outcome, now: datetime) -> "Entry":
        """Return the entry after it left. Whoever had it last stays on record."""
        return replace(self, state=EntryState.LEFT, outcome=outcome, left_time=now, not_before=None)


def carrier_queue(leg_id: str) -> str:
    """Return the name of the carrier's queue in which a caller on a TeXML number waits alone."""
    return f"caller-{uuid.uuid5(_QUEUES, leg_id).hex}"


def abandon(entry: Entry, queue: Queue, now: datetime) -> Outcome:
    """Return how a caller counts who hangs up now: at once, or after a wait."""
    short = entry.waited(now) < queue.short_abandon
    return Outcome.SHORT_ABANDONED if short else Outcome.ABANDONED
