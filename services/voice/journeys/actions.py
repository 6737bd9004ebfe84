"""What a journey wants done. Pure data: carrying it out is the use case's part.

Every action may be asked for again and has its effect once: a command by its key, a stay in a queue
by its visit, a voicemail and a decision by their keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.voice.calls.command import Command
from services.voice.queues.model import MOST_OFFERS, Boost, Kind, Outcome
from services.voice.routing.branching import Considered


@dataclass(frozen=True, slots=True)
class Give:
    """Tell the carrier to do something with the caller's leg."""

    key: str
    command: Command


@dataclass(frozen=True, slots=True)
class Enter:
    """Enter a queue; what comes of it is told to the journey at once."""

    queue_id: str
    visit: int
    skills: Mapping[str, int]
    boosts: tuple[Boost, ...] = ()
    kind: Kind = Kind.CALL
    max_offers: int = MOST_OFFERS


@dataclass(frozen=True, slots=True)
class Move:
    """Go on waiting in another queue, or for agents with other skills, keeping the place."""

    entry_id: str
    queue_id: str
    skills: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class KeepPlace:
    """Let the entry wait for a call back in the caller's stead."""

    entry_id: str
    number: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the queue."""

    entry_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class OpenVoicemail:
    """Expect a message of the caller."""

    key: str
    step_id: str
    mailbox: str
    queue_id: str


@dataclass(frozen=True, slots=True)
class CloseVoicemail:
    """Say what came of a message: a recording, or none."""

    key: str
    recording_id: str = ""
    length: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Decide:
    """Keep a decision with everything it rests on."""

    visit: int
    step_id: str
    outcome: str
    """What was decided: the way that was taken, or the queue."""
    considered: tuple[Considered, ...]


Action = Give | Enter | Move | KeepPlace | Leave | OpenVoicemail | CloseVoicemail | Decide
