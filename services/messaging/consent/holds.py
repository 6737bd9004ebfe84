"""What waits for somebody's answer: texts that may have been a STOP, and questions for consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

OPT_IN_WINDOW = timedelta(hours=24)
"""How long a YES answers a question for consent; later, and without an answer, there is none."""


class HoldState(StrEnum):
    """What became of a hold."""

    OPEN = "open"
    STOPPED = "stopped"
    RELEASED = "released"
    EXPIRED = "expired"


class Judgement(StrEnum):
    """What a person decides about a text."""

    STOP = "stop"
    NOT_A_STOP = "not_a_stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A text that may have been a STOP: it stops marketing until somebody has judged it.

    Past `due_time`, which is when a request must have been honored, it counts as a STOP.
    """

    hold_id: str
    entry_id: str
    peer_number: str
    our_number: str
    program_id: str
    message_id: str
    effective_time: datetime
    due_time: datetime
    state: HoldState = HoldState.OPEN
    reviewer: str = ""
    note: str = ""
    resolve_time: datetime | None = None
    resolve_entry_id: str = ""


@dataclass(frozen=True)
class HoldPosition:
    """Where a page of holds ended."""

    due_time: datetime
    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    """A question for consent, word for word, and what is known of the form that led to it."""

    peer_number: str
    our_number: str
    program_id: str
    text: str
    prompt_time: datetime
    expire_time: datetime
    message_id: str
    version: str = ""
    language: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)

    def is_open_at(self, time: datetime) -> bool:
        """Say whether a YES of this time answers it."""
        return self.prompt_time <= time < self.expire_time
