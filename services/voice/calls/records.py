"""A call as it is kept: with its commands, and what lists are filtered by."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.voice.calls.model import Call, Direction, State, Step


class CommandState(StrEnum):
    """What became of a command."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    CALL_ENDED = "CALL_ENDED"
    REFUSED = "REFUSED"
    IN_DOUBT = "IN_DOUBT"


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """One command to the carrier. ``reason`` is a short code, empty unless it went wrong."""

    command_id: str
    step: Step
    state: CommandState
    reason: str
    request_time: datetime
    settle_time: datetime | None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One leg with its commands, in the order of the steps."""

    call: Call
    create_time: datetime
    update_time: datetime
    commands: tuple[CommandRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls to list; what is empty or None matches all."""

    state: State | None = None
    direction: Direction | None = None
    phone_number: str = ""
    session_id: str = ""
    queue_name: str = ""
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: the entry it follows."""

    create_time: datetime
    leg_id: str
