"""What the carrier's events and requests say of a call, in the model's words.

The carrier requires no field at all, so every part may be missing. Characters and lengths that a
database cannot hold are taken out here: no text can stop an event from being recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.event.v1 import call_life_event_pb2 as life
from switchhook.event.v1.call_event_pb2 import CallEvent
from switchhook.event.v1.call_media_event_pb2 import SpeakStatus
from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.party_pb2 import Direction as EventDirection
from switchhook.event.v1.texml_event_pb2 import TexmlEvent, TexmlKind

from carrier.normalize.parties import phone_number
from carrier.normalize.texml import kind
from chassis.errors import NotYet
from services.voice.calls import caller_id
from services.voice.calls.command import dial_id
from services.voice.calls.model import (
    Call,
    CommandKind,
    DequeueReason,
    Direction,
    Hangup,
    QueueEntry,
    QueueExit,
    SpeechEnd,
    Steering,
    identified,
    usable_id,
)
from services.voice.calls.records import Heard
from services.voice.calls.result_sightings import results
from services.voice.calls.state_token import StateToken, StateTokens, Verdict

_LONGEST_TEXT = 255
_TOO_NEW_WAIT = 300.0  # seconds, about what a rollout takes
_LONGEST_WAIT = 2**31 - 1  # seconds, what a column holds

_DIRECTIONS = {
    EventDirection.DIRECTION_INBOUND: Direction.INBOUND,
    EventDirection.DIRECTION_OUTBOUND: Direction.OUTBOUND,
}
_REASONS = {
    life.DEQUEUE_REASON_BRIDGED: DequeueReason.BRIDGED,
    life.DEQUEUE_REASON_BRIDGING_IN_PROCESS: DequeueReason.BRIDGED,
    life.DEQUEUE_REASON_HANGUP: DequeueReason.HANGUP,
    life.DEQUEUE_REASON_LEAVE: DequeueReason.LEAVE,
    life.DEQUEUE_REASON_TIMEOUT: DequeueReason.TIMEOUT,
}
_CUT_SHORT = (SpeakStatus.SPEAK_STATUS_CALL_HANGUP, SpeakStatus.SPEAK_STATUS_CANCELLED_AMD)

_RINGING = ("initiated", "ringing")
_OVER = ("completed", "busy", "no-answer", "canceled", "failed")
"""Call states of TeXML. Source: Telnyx, TeXML call progress callbacks, `CallStatus`."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an event says of its call, and what its `client_state` turned out to be."""

    call: Call
    heard: Heard
    verdict: Verdict = Verdict.ABSENT


def of_event(event: Event, tokens: StateTokens) -> Sighting | None:
    """Return what an event says of its call, or None when it says nothing to us.

    Raises Invalid when it names no call, NotYet when a newer version wrote it.
    """
    time = _time(event.occur_time) or _time(event.receive_time) or datetime.now(UTC)
    arm = event.WhichOneof("detail")
    heard = Heard(event.event_id, _clean(event.type), time)
    if arm == "texml":
        return Sighting(of_texml(event.texml.app, _parameters(event.texml), time), heard)
    if arm == "call" and event.call.WhichOneof("detail") is not None:
        return _of_call(event.call, heard, time, tokens)
    if arm in (None, "call") and not event.safe_to_ignore:
        raise NotYet(
            "EVENT_TOO_NEW", "the event was written by a newer version", retry_after=_TOO_NEW_WAIT
        )
    return None


def of_texml(app: str, parameters: Mapping[str, str], time: datetime) -> Call:
    """Return what a TeXML request says of its call; raises Invalid when it names none.

    A TeXML call is known by its CallSid alone: the leg's id comes with its last callback only.
    """
    given = {name: _clean(value) for name, value in parameters.items()}
    sid = _id(parameters.get("CallSid", ""))
    raw_from, raw_to = given.get("From", ""), given.get("To", "")
    call = Call(
        leg_id=sid,
        control_id=sid,
        session_id=_id(given.get("CallSessionId", "")),
        connection_id=given.get("ConnectionId", ""),
        direction=_texml_direction(given.get("Direction", "")),
        steering=Steering.TEXML,
        texml_app=_clean(app),
        caller=caller_id.caller(raw_from, phone_number(raw_from)),
        called_number=phone_number(raw_to),
        raw_called=raw_to,
        attestation=given.get("ShakenStirAttestation", ""),
        attestation_validated=given.get("ShakenStirValidated", "").lower() == "true",
    )
    return _with_status(identified(call), given, time)


def wants_instructions(parameters: Mapping[str, str]) -> bool:
    """Return whether a TeXML request asks what to do with a call, rather than tells of it."""
    asked = kind(dict(parameters)) == TexmlKind.TEXML_KIND_INSTRUCTION
    return asked and parameters.get("CallStatus", "") not in _OVER


def _of_call(said: CallEvent, heard: Heard, time: datetime, tokens: StateTokens) -> Sighting:
    raw_from, raw_to = _clean(said.from_party.raw), _clean(said.to_party.raw)
    token, verdict = tokens.judge(said.client_state, said.call_leg_id)
    call = Call(
        leg_id=_id(said.call_leg_id),
        control_id=_id(said.call_control_id),
        session_id=_id(said.call_session_id),
        connection_id=_clean(said.connection_id),
        steering=Steering.COMMANDS,
        caller=caller_id.caller(raw_from, said.from_party.phone_number),
        called_number=_clean(said.to_party.phone_number),
        raw_called=raw_to,
        results=results(said, token, time),
        **_claims(token),
    )
    arm = said.WhichOneof("detail") or ""
    facts = _FACTS[arm](getattr(said, arm), time) if arm in _FACTS else {}
    # The token of a dial or of a transfer names a command of no leg, or of another one.
    key = token.key if token and token.leg_id else ""
    return Sighting(replace(identified(call), **facts), replace(heard, key=key), verdict)


def _claims(token: StateToken | None) -> dict[str, Any]:
    """Return what a signed token says the leg is for."""
    if token is None:
        return {}
    dialled = token.kind is CommandKind.DIAL
    identity = dial_id(token.role, token.subject) if dialled else ""
    return {"role": token.role, "subject": token.subject, "dial_id": identity}


def _initiated(said: life.CallInitiated, time: datetime) -> dict[str, Any]:
    return {
        "initiated": time,
        "direction": _DIRECTIONS.get(said.direction, Direction.UNKNOWN),
        "attestation": _clean(said.shaken_stir_attestation),
        "attestation_validated": said.shaken_stir_validated,
        "caller_id_name": _clean(said.caller_id_name),
        "screening_result": _clean(said.call_screening_result),
        "diversion": _diversion(said),
    }


def _diversion(said: life.CallInitiated) -> str:
    """Return who the call was for before it was forwarded. Source: RFC 5806."""
    values = (each.value for each in said.sip_headers if each.name.lower() == "diversion")
    return _clean(next(values, ""))


def _spoken(said: Any, time: datetime) -> dict[str, Any]:
    # A status nobody knows counts as heard: a caller is rather queued than left in silence.
    return {"speech_ended": SpeechEnd(time, cut_short=said.status in _CUT_SHORT)}


def _enqueued(said: life.CallEnqueued, time: datetime) -> dict[str, Any]:
    return {"entered_queue": QueueEntry(time, _clean(said.queue))}


def _dequeued(said: life.CallDequeued, time: datetime) -> dict[str, Any]:
    wait = min(max(said.wait.seconds, 0), _LONGEST_WAIT) if said.HasField("wait") else None
    reason = _REASONS.get(said.reason, DequeueReason.OTHER)
    return {
        "left_queue": QueueExit(time, reason, _clean(said.raw_reason), _clean(said.queue), wait)
    }


def _hung_up(said: life.CallHungUp, time: datetime) -> dict[str, Any]:
    end = _time(said.end_time) or time
    cause, source = _clean(said.raw_hangup_cause), _clean(said.raw_hangup_source)
    return {"hung_up": Hangup(end, cause, source)}


_FACTS: Mapping[str, Callable[[Any, datetime], dict[str, Any]]] = {
    "initiated": _initiated,
    "answered": lambda _said, time: {"answered": time},
    "speak_started": lambda _said, time: {"speech_started": time},
    "speak_ended": _spoken,
    "enqueued": _enqueued,
    "dequeued": _dequeued,
    "bridged": lambda _said, time: {"bridged": time, "last_bridged": time},
    "hung_up": _hung_up,
}
"""What each arm adds to the leg's ids and parties; the arms that are not here add nothing."""


def _with_status(call: Call, given: Mapping[str, str], time: datetime) -> Call:
    status = given.get("CallStatus", "")
    if status in _RINGING:
        return replace(call, initiated=time)
    if status in _OVER:
        cause, source = given.get("HangupCause", "") or status, given.get("HangupSource", "")
        return replace(call, hung_up=Hangup(time, cause, source))
    return replace(call, answered=time) if status == "in-progress" else call


def _parameters(said: TexmlEvent) -> Mapping[str, str]:
    """Return the request's form; the sid is a field of its own as well."""
    return {"CallSid": said.call_sid, **said.parameters}


def _texml_direction(word: str) -> Direction:
    if word.startswith("inbound"):
        return Direction.INBOUND
    return Direction.OUTBOUND if word.startswith("outbound") else Direction.UNKNOWN


def _id(text: str) -> str:
    """Return an id that can be a key, or nothing."""
    cleaned = text.replace("\x00", "")
    return cleaned if usable_id(cleaned) else ""


def _clean(text: str) -> str:
    return text.replace("\x00", "")[:_LONGEST_TEXT]


def _time(moment: Timestamp) -> datetime | None:
    """Return an instant, or None for one that is absent or that no calendar holds."""
    if not moment.seconds and not moment.nanos:
        return None
    try:
        return moment.ToDatetime(UTC)
    except (ValueError, OverflowError):
        return None
