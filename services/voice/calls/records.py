"""A call as it is kept: with its commands, and what lists are filtered by."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.voice.calls.model import Call, CommandKind, Direction, Role, State


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
    key: str
    kind: CommandKind
    state: CommandState
    reason: str
    request_time: datetime
    settle_time: datetime | None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One leg with its commands, in the order they were given."""

    call: Call
    create_time: datetime
    update_time: datetime
    commands: tuple[CommandRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedCall:
    """A leg as it is now, and the state it had when something of it changed."""

    record: CallRecord
    state: State


@dataclass(frozen=True, slots=True)
class DialRecord:
    """One attempt to call somebody. ``leg_id`` is empty until the carrier has taken it."""

    dial_id: str
    role: Role
    subject: str
    to_address: str
    from_number: str
    state: CommandState
    reason: str
    leg_id: str
    request_time: datetime
    settle_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls to list; what is empty or None matches all."""

    state: State | None = None
    direction: Direction | None = None
    phone_number: str = ""
    session_id: str = ""
    queue_name: str = ""
    role: Role | None = None
    dial_id: str = ""
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions to list; what is empty matches all."""

    phone_number: str = ""
    alive_only: bool = False


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """Legs that belong together, oldest first; at least one."""

    session_id: str
    legs: tuple[CallRecord, ...]

    @property
    def is_alive(self) -> bool:
        """Return whether a leg goes on."""
        return any(leg.call.hung_up is None for leg in self.legs)

    @property
    def end_time(self) -> datetime | None:
        """Return when the last leg ended, or None while one goes on."""
        if self.is_alive:
            return None
        return max(leg.call.hung_up.time for leg in self.legs if leg.call.hung_up)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: the entry it follows."""

    create_time: datetime
    leg_id: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What one event told, beside the facts of its call.

    ``key`` is the command whose signed token the event carries: it has certainly been taken.
    """

    event_id: str = ""
    type: str = ""
    time: datetime | None = None
    key: str = ""
