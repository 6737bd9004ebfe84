"""What voice knows about a call: one leg, and what its events say about it.

A call is the join of what its events say. Every event becomes a ``Call`` that holds only what that
event tells, and ``Call.join`` merges two of them field by field with operations that do not care
about order or repetition. So late, duplicate and missing events need no cases of their own: the
same events make the same call, whatever order they come in.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any, get_type_hints

from chassis.errors import FieldViolation, Invalid

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""A number somebody can be looked up by; shorter ones are service codes."""


class Direction(IntEnum):
    """Who started the leg. Where two events disagree the one that keeps our hands off wins."""

    UNKNOWN = 0
    INBOUND = 1
    OUTBOUND = 2


class Steering(IntEnum):
    """How the carrier is told what to do with the leg."""

    UNKNOWN = 0
    COMMANDS = 1
    TEXML = 2


class State(IntEnum):
    """How far the leg has come, by rank; a lower rank never replaces a higher one."""

    NEW = 0
    INITIATED = 10
    ANSWERED = 20
    IVR = 30
    QUEUED = 40
    BRIDGED = 50
    HUNG_UP = 90


class Step(StrEnum):
    """A step of the inbound policy. Each is commanded at most once per leg."""

    ANSWER = "ANSWER"
    GREET = "GREET"
    ENQUEUE = "ENQUEUE"
    HANG_UP = "HANG_UP"


class CallerKind(IntEnum):
    """What a caller's number turned out to be; where events disagree the least useful wins."""

    UNKNOWN = 0
    NUMBER = 1
    SIP = 2
    MALFORMED = 3
    WITHHELD = 4


class LookupOutcome(IntEnum):
    """What came of asking who is calling; a later answer replaces the lack of one."""

    UNAVAILABLE = 1
    NOT_FOUND = 2
    FOUND = 3


class DequeueReason(StrEnum):
    """Why the leg left a queue, as far as voice acts on it."""

    OTHER = "OTHER"
    BRIDGED = "BRIDGED"
    HANGUP = "HANGUP"
    LEAVE = "LEAVE"
    TIMEOUT = "TIMEOUT"


@dataclass(frozen=True, slots=True, order=True)
class Caller:
    """Who calls, as the carrier says it. ``phone_number`` is empty unless the kind is NUMBER."""

    kind: CallerKind = CallerKind.UNKNOWN
    phone_number: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Lookup:
    """What the CRM knew about the caller. The name is empty unless it was exactly one contact."""

    outcome: LookupOutcome
    is_vip: bool = False
    contact_count: int = 0
    display_name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, order=True)
class SpeechEnd:
    """The end of what was spoken. ``cut_short``: the caller hung up, or it was cancelled."""

    time: datetime
    cut_short: bool = False


@dataclass(frozen=True, slots=True, order=True)
class QueueEntry:
    """The moment the leg entered a queue."""

    time: datetime
    queue: str = ""


@dataclass(frozen=True, slots=True, order=True)
class QueueExit:
    """The moment the leg left a queue, why, and after how many seconds."""

    time: datetime
    reason: DequeueReason = DequeueReason.OTHER
    raw_reason: str = ""
    queue: str = ""
    wait_seconds: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Hangup:
    """The end of the leg, with the carrier's words for why and by whom."""

    time: datetime
    cause: str = ""
    source: str = ""


def _keep(ours: Any, _theirs: Any) -> Any:
    """Join what names the leg: it does not change."""
    return ours


def _greatest(ours: Any, theirs: Any) -> Any:
    """Join what grows: text beats none, a higher rank a lower one, a later time an earlier one."""
    return max((part for part in (ours, theirs) if part is not None), default=None)


def _earliest(ours: Any, theirs: Any) -> Any:
    """Join what happens once: of several reports the first stands."""
    return min((moment for moment in (ours, theirs) if moment is not None), default=None)


def _both(ours: frozenset[Any], theirs: frozenset[Any]) -> frozenset[Any]:
    """Join what adds up."""
    return ours | theirs


Text = Annotated[str, _greatest]
Once = Annotated[datetime | None, _earliest]


@dataclass(frozen=True, slots=True)
class Call:
    """One leg, as far as events have told; a default means that none has.

    Beside each type stands how two reports of the field are joined.
    """

    leg_id: Annotated[str, _keep] = ""
    control_id: Text = ""
    session_id: Text = ""
    connection_id: Text = ""
    direction: Annotated[Direction, _greatest] = Direction.UNKNOWN
    steering: Annotated[Steering, _greatest] = Steering.UNKNOWN
    texml_app: Text = ""
    texml_queue: Text = ""
    caller: Annotated[Caller, _greatest] = Caller()
    called_number: Text = ""
    raw_called: Text = ""
    attestation: Text = ""
    attestation_validated: Annotated[bool, _greatest] = False
    lookup: Annotated[Lookup | None, _greatest] = None
    initiated: Once = None
    answered: Once = None
    speech_started: Once = None
    speech_ended: Annotated[SpeechEnd | None, _earliest] = None
    entered_queue: Annotated[QueueEntry | None, _greatest] = None
    left_queue: Annotated[QueueExit | None, _greatest] = None
    bridged: Once = None
    hung_up: Annotated[Hangup | None, _earliest] = None
    refused: Annotated[frozenset[Step], _both] = frozenset()

    def join(self, other: "Call") -> "Call":
        """Return what both say together; ``leg_id`` stays ours."""
        parts = {
            name: join(getattr(self, name), getattr(other, name)) for name, join in _JOINS.items()
        }
        return Call(**parts)

    @property
    def state(self) -> State:
        """Return the highest rank that the events prove."""
        if self.hung_up:
            return State.HUNG_UP
        if self.bridged or (self.left_queue and self.left_queue.reason is DequeueReason.BRIDGED):
            return State.BRIDGED
        if self.is_waiting:
            return State.QUEUED
        if self.speech_started or self.speech_ended or self.left_queue:
            return State.IVR
        if self.answered:
            return State.ANSWERED
        return State.INITIATED if self.initiated else State.NEW

    @property
    def is_waiting(self) -> bool:
        """Return whether the leg entered a queue after it last left one."""
        if self.entered_queue is None:
            return False
        return self.left_queue is None or self.entered_queue.time > self.left_queue.time

    @property
    def was_queued(self) -> bool:
        """Return whether the leg has ever been in a queue."""
        return self.entered_queue is not None or self.left_queue is not None

    @property
    def queue_name(self) -> str:
        """Return the queue the leg is or was in; for TeXML the one its document names."""
        entered = self.entered_queue.queue if self.entered_queue else ""
        left = self.left_queue.queue if self.left_queue else ""
        return entered or left or self.texml_queue


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Call, include_extras=True).items()
}


def identified(call: Call) -> Call:
    """Give a call that an event describes its leg id, or raise Invalid when it names none.

    All ids are optional in the carrier's schema. The control id belongs to one leg as well, so it
    stands in for a leg id that is missing.
    """
    if not call.leg_id and not call.control_id:
        violation = FieldViolation("call_leg_id", "no id says which call this is about")
        raise Invalid([violation], "CALL_UNIDENTIFIED", "the event names no call")
    return call if call.leg_id else dataclasses.replace(call, leg_id=call.control_id)
