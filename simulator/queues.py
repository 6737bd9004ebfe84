"""Queues of waiting calls: first in, first out, no priorities (Telnyx: queueing calls)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.machine import micros

DEFAULT_MAX_SIZE = 100
"""Of a queue that the enqueue command makes (Telnyx: enqueue)."""


@dataclass
class Waiting:
    """A call's place in a queue."""

    call_control_id: str
    since: datetime


@dataclass
class Queue:
    """One named queue and the calls in it, the longest waiting first."""

    queue_id: str
    name: str
    max_size: int
    created_at: datetime
    updated_at: datetime
    waiting: list[Waiting] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def full(self) -> bool:
        """Tell whether another call would exceed max_size."""
        return len(self.waiting) >= self.max_size

    def join(self, call_control_id: str, now: datetime) -> int:
        """Add a call at the end and return its position, counted from 1."""
        self.waiting.append(Waiting(call_control_id, now))
        self.updated_at = now
        return len(self.waiting)

    def since(self, call_control_id: str) -> datetime:
        """Return when a call in the queue joined it."""
        return next(p.since for p in self.waiting if p.call_control_id == call_control_id)

    def leave(self, call_control_id: str, now: datetime) -> tuple[int, int]:
        """Remove a call; return the position it had and the whole seconds it waited."""
        for position, place in enumerate(self.waiting, start=1):
            if place.call_control_id == call_control_id:
                del self.waiting[position - 1]
                waited = (now - place.since).total_seconds()
                self.waits.append(waited)
                self.updated_at = now
                return position, int(waited)
        raise KeyError(call_control_id)

    def average_wait(self) -> int:
        """Return the mean seconds of the calls that have left, 0 when none has."""
        return int(sum(self.waits) / len(self.waits)) if self.waits else 0

    def resource(self) -> dict[str, Any]:
        """Return the queue as GET /queues/{name} shows it."""
        return {
            "record_type": "queue",
            "id": self.queue_id,
            "name": self.name,
            "current_size": len(self.waiting),
            "max_size": self.max_size,
            "average_wait_time_secs": self.average_wait(),
            "created_at": micros(self.created_at),
            "updated_at": micros(self.updated_at),
        }
