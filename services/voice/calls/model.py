"""What voice knows about a call: one leg, and what its events say about it.

A call is the join of what its events say. Every event becomes a ``Call`` that holds only what that
event tells, and ``Call.join`` merges two of them field by field with operations that do not care
about order or repetition. So late, duplicate and missing events need no cases of their own: the
same events make the same call, whatever order they come in.
"""

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, get_type_hints

from chassis.errors import FieldViolation, Invalid
from services.voice.calls.facts import (
    E164,
    Caller,
    CallerKind,
    CommandKind,
    DequeueReason,
    Direction,
    Hangup,
    Lookup,
    LookupOutcome,
    QueueEntry,
    QueueExit,
    Refusal,
    Result,
    ResultStatus,
    Role,
    SpeechEnd,
    State,
    Steering,
)

__all__ = [
    "E164",
    "Call",
    "Caller",
    "CallerKind",
    "CommandKind",
    "DequeueReason",
    "Direction",
    "Hangup",
    "Lookup",
    "LookupOutcome",
    "QueueEntry",
    "QueueExit",
    "Refusal",
    "Result",
    "ResultStatus",
    "Role",
    "SpeechEnd",
    "State",
    "Steering",
    "identified",
    "placed",
    "serves",
    "usable_id",
]


_LONGEST_ID = 255


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


def _first_of_each(ours: frozenset[Result], theirs: frozenset[Result]) -> frozenset[Result]:
    """Join what happens once per command: of several reports of one key the first stands."""
    found: dict[str, Result] = {}
    for result in sorted(ours | theirs):
        found.setdefault(result.key, result)
    return frozenset(found.values())


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
    caller: Annotated[Caller, _greatest] = Caller()  # noqa: RUF009 - Caller is frozen
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
    last_bridged: Annotated[datetime | None, _greatest] = None
    caller_id_name: Text = ""
    screening_result: Text = ""
    diversion: Text = ""
    role: Annotated[Role, _greatest] = Role.UNKNOWN
    subject: Text = ""
    dial_id: Text = ""
    lost: Annotated[bool, _greatest] = False
    results: Annotated[frozenset[Result], _first_of_each] = frozenset()
    refused: Annotated[frozenset[Refusal], _both] = frozenset()

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
        if self.is_waiting and self._has_come_back:
            return State.QUEUED
        if self.bridged or (self.left_queue and self.left_queue.reason is DequeueReason.BRIDGED):
            return State.BRIDGED
        if self.is_waiting:
            return State.QUEUED
        if self.speech_started or self.speech_ended or self.left_queue or self.results:
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
    def _has_come_back(self) -> bool:
        """Return whether the leg waits anew after it was connected: the other side is gone."""
        if self.last_bridged is None or self.left_queue is None or self.entered_queue is None:
            return False
        return self.entered_queue.time > self.last_bridged

    @property
    def ended_time(self) -> datetime | None:
        """Return when the leg ended, or None while it goes on."""
        return self.hung_up.time if self.hung_up else None

    def result(self, key: str) -> Result | None:
        """Return how what a command started came to its end, or None when it has not."""
        return next((each for each in self.results if each.key == key), None)

    def refusal(self, key: str) -> Refusal | None:
        """Return that the carrier would not take a command, or None when it has not refused."""
        return min((each for each in self.refused if each.key == key), default=None)

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


def usable_id(text: str) -> bool:
    """Return whether an id can be a key: one that is cut could name another call.

    Dots would lead a command's path elsewhere, and no database holds a NUL.
    """
    return len(text) <= _LONGEST_ID and text not in (".", "..") and "\x00" not in text


def identified(call: Call) -> Call:
    """Give a call that an event describes its leg id, or raise Invalid when it names none.

    All ids are optional in the carrier's schema. The control id belongs to one leg as well, so it
    stands in for a leg id that is missing.
    """
    if not call.leg_id and not call.control_id:
        violation = FieldViolation("call_leg_id", "no id says which call this is about")
        raise Invalid([violation], "CALL_UNIDENTIFIED", "the event names no call")
    return call if call.leg_id else dataclasses.replace(call, leg_id=call.control_id)


def serves(call: Call, numbers: Collection[str]) -> bool:
    """Return whether the call came in on one of these numbers.

    Only ``call.initiated`` tells the direction. Without it a leg counts as inbound when it goes to
    a number of ours from one that is not: a leg between two of our own numbers is left alone until
    its direction is known. A document is asked for by who is called.
    """
    if call.called_number not in numbers or call.direction is Direction.OUTBOUND:
        return False
    if call.direction is Direction.INBOUND or call.steering is Steering.TEXML:
        return True
    return bool(call.caller.raw) and call.caller.phone_number not in numbers


def placed(call: Call, numbers: Collection[str]) -> Call:
    """Return a call with the role that everything known of it gives.

    Whoever calls one of our numbers is a caller, an agent's phone too: a token that says otherwise
    was copied from a leg that we dialled.
    """
    claimed = call.role not in (Role.UNKNOWN, Role.CALLER)
    if claimed and call.direction is not Direction.INBOUND:
        return call
    role = Role.CALLER if serves(call, numbers) else Role.UNKNOWN
    return dataclasses.replace(call, role=role, subject="", dial_id="")
