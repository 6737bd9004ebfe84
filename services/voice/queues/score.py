"""Who is served first; pure.

A score is waiting time plus what a caller is given ahead, so every score grows by one second per
second, and the order of two callers never changes by waiting alone. The order can therefore be kept
as a time that does not move: when the caller would have had to come without what they are given.
Whoever has waited longer than another by more than the other is given goes first: nobody starves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.voice.queues.model import Entry, Queue


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score, in seconds."""

    label: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Score:
    """How far forward an entry is; the greatest is served first, after those at the head."""

    total_seconds: float
    parts: tuple[Part, ...]


Place = tuple[int, datetime, datetime, str]
"""What entries are ordered by, the least first: head of the queue, rank, enqueue time, id."""


def score(entry: Entry, queue: Queue, now: datetime) -> Score:
    """Return the score of an entry with all of its parts."""
    parts = [("wait", entry.waited(now)), *_given(entry, queue)]
    told = tuple(Part(label, ahead.total_seconds()) for label, ahead in parts)
    return Score(sum(part.seconds for part in told), told)


def rank_time(entry: Entry, queue: Queue) -> datetime:
    """Return when the entry would have had to come to be where it is without being given time."""
    return entry.enqueue_time - sum((ahead for _, ahead in _given(entry, queue)), timedelta())


def place(entry: Entry, queue: Queue) -> Place:
    """Return what the entry is ordered by.

    Of two with the same rank the one who came first goes first, so a wait that is longer by just
    what another is given wins.
    """
    head = 0 if entry.front else 1
    return head, rank_time(entry, queue), entry.enqueue_time, entry.entry_id


def _given(entry: Entry, queue: Queue) -> list[tuple[str, timedelta]]:
    given = [
        ("vip", queue.scoring.vip if entry.is_vip else timedelta()),
        ("escalated", queue.scoring.escalated if entry.escalated else timedelta()),
        ("credit", min(entry.credit, queue.scoring.credit_cap)),
        *((boost.label, boost.ahead) for boost in entry.boosts),
        ("priority", entry.priority),
    ]
    return [(label, ahead) for label, ahead in given if ahead]
