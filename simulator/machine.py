"""What a state machine of the simulator asks the world to do; the machines themselves do no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Emit:
    """Send a webhook. Empty URLs mean those of the account (Telnyx: URL precedence)."""

    event_type: str
    payload: dict[str, Any]
    occurred_at: str
    webhook_url: str = ""
    failover_url: str = ""


@dataclass(frozen=True)
class Timer:
    """What a machine is told when the time has come; it forgets timers that no longer apply."""

    kind: str
    subject: str
    token: str = ""


@dataclass(frozen=True)
class After:
    """Come back with the timer after so many seconds of simulated time.

    `asked` marks a time that the suite has asked for; others are up to people and machines.
    """

    seconds: float
    timer: Timer
    asked: bool = False


@dataclass(frozen=True)
class Note:
    """Write an effect into the journal: what the world saw happen."""

    kind: str
    facts: dict[str, Any]


Action = Emit | After | Note


def micros(moment: datetime) -> str:
    """Write a time as voice and fax webhooks do: microseconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def millis(moment: datetime) -> str:
    """Write a time as messaging webhooks do: milliseconds and +00:00."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
