"""What the carrier's events and requests say of a call."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from switchhook.event.v1 import call_life_event_pb2 as life
from switchhook.event.v1.call_event_pb2 import CallEvent
from switchhook.event.v1.call_media_event_pb2 import CallSpeakEnded, CallSpeakStarted, SpeakStatus
from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.other_event_pb2 import OtherEvent
from switchhook.event.v1.party_pb2 import Direction as EventDirection
from switchhook.event.v1.party_pb2 import Party
from switchhook.event.v1.texml_event_pb2 import TexmlEvent

from chassis.errors import Invalid, NotYet
from services.voice.calls import sightings
from services.voice.calls.model import (
    Call,
    Caller,
    CallerKind,
    DequeueReason,
    Direction,
    Hangup,
    QueueEntry,
    QueueExit,
    SpeechEnd,
    State,
    Steering,
)
from services.voice.calls.state_token import StateTokens
from tests.support.sightings import ADA, OURS, at

TOKENS = StateTokens(("a secret",))


def stamp(moment: datetime) -> Timestamp:
    """Return an instant as a proto."""
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def event(**detail: Any) -> Event:
    """Return an event of one leg, with everything the carrier usually sends."""
    return Event(
        event_id="event-1",
        occur_time=stamp(at(5)),
        receive_time=stamp(at(6)),
        call=CallEvent(
            call_control_id="v3:control-1",
            call_leg_id="leg-1",
            call_session_id="session-1",
            connection_id="1234567890123456789",
            from_party=Party(raw="+1-312-555-0101", phone_number=ADA),
            to_party=Party(raw=OURS, phone_number=OURS),
            **detail,
        ),
    )


def seen(given_event: Event) -> Call:
    """Return what an event says; it must say something."""
    sighting = sightings.of_event(given_event, TOKENS)
    assert sighting is not None
    return sighting.call


def test_ids_and_parties_come_with_every_event() -> None:
    """The leg, its handles and its parties are read from any call event."""
    call = seen(event(bridged=life.CallBridged()))
    assert call == Call(
        leg_id="leg-1",
        control_id="v3:control-1",
        session_id="session-1",
        connection_id="1234567890123456789",
        steering=Steering.COMMANDS,
        caller=Caller(CallerKind.NUMBER, ADA, "+1-312-555-0101"),
        called_number=OURS,
        raw_called=OURS,
        bridged=at(5),
        last_bridged=at(5),
    )


@pytest.mark.parametrize(
    ("detail", "part", "value"),
    [
        ({"initiated": life.CallInitiated()}, "initiated", at(5)),
        ({"answered": life.CallAnswered()}, "answered", at(5)),
        ({"speak_started": CallSpeakStarted()}, "speech_started", at(5)),
        (
            {"speak_ended": CallSpeakEnded(status=SpeakStatus.SPEAK_STATUS_COMPLETED)},
            "speech_ended",
            SpeechEnd(at(5)),
        ),
        (
            {"speak_ended": CallSpeakEnded(raw_status="brand_new")},
            "speech_ended",
            SpeechEnd(at(5)),
        ),
        (
            {"speak_ended": CallSpeakEnded(status=SpeakStatus.SPEAK_STATUS_CALL_HANGUP)},
            "speech_ended",
            SpeechEnd(at(5), cut_short=True),
        ),
        (
            {"enqueued": life.CallEnqueued(queue="support")},
            "entered_queue",
            QueueEntry(at(5), "support"),
        ),
        (
            {"dequeued": life.CallDequeued(queue="support", raw_reason="new_word")},
            "left_queue",
            QueueExit(at(5), DequeueReason.OTHER, "new_word", "support"),
        ),
        (
            {"hung_up": life.CallHungUp(raw_hangup_cause="user_busy", raw_hangup_source="callee")},
            "hung_up",
            Hangup(at(5), "user_busy", "callee"),
        ),
        (
            {"hung_up": life.CallHungUp(end_time=stamp(at(4)))},
            "hung_up",
            Hangup(at(4)),
        ),
    ],
)
def test_each_event_adds_its_fact(detail: dict[str, Any], part: str, value: object) -> None:
    """Every kind of event that matters to voice is told from the others."""
    assert getattr(seen(event(**detail)), part) == value


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (life.DEQUEUE_REASON_BRIDGED, DequeueReason.BRIDGED),
        (life.DEQUEUE_REASON_BRIDGING_IN_PROCESS, DequeueReason.BRIDGED),
        (life.DEQUEUE_REASON_HANGUP, DequeueReason.HANGUP),
        (life.DEQUEUE_REASON_LEAVE, DequeueReason.LEAVE),
        (life.DEQUEUE_REASON_TIMEOUT, DequeueReason.TIMEOUT),
        (life.DEQUEUE_REASON_UNSPECIFIED, DequeueReason.OTHER),
    ],
)
def test_reasons_for_leaving_a_queue(
    reason: life.DequeueReason.ValueType, expected: DequeueReason
) -> None:
    """The carrier's reasons are read, and how long the caller waited."""
    left = life.CallDequeued(reason=reason)
    left.wait.seconds = 10**12
    queue_exit = seen(event(dequeued=left)).left_queue
    assert queue_exit is not None
    assert (queue_exit.reason, queue_exit.wait_seconds) == (expected, 2**31 - 1)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (EventDirection.DIRECTION_INBOUND, Direction.INBOUND),
        (EventDirection.DIRECTION_OUTBOUND, Direction.OUTBOUND),
        (EventDirection.DIRECTION_UNSPECIFIED, Direction.UNKNOWN),
    ],
)
def test_directions(direction: EventDirection.ValueType, expected: Direction) -> None:
    """The start of a leg tells its direction and the attestation of the caller's number."""
    initiated = life.CallInitiated(
        direction=direction, shaken_stir_attestation="A", shaken_stir_validated=True
    )
    call = seen(event(initiated=initiated))
    assert call.direction is expected
    assert (call.attestation, call.attestation_validated) == ("A", True)


def test_an_event_without_a_time_happened_when_it_was_received() -> None:
    """The carrier's time may be missing or impossible; the gateway's stands in."""
    for broken in (Timestamp(), Timestamp(seconds=10**15)):
        given_event = event(answered=life.CallAnswered())
        given_event.occur_time.CopyFrom(broken)
        assert seen(given_event).answered == at(6)


def test_an_event_without_a_leg_id_has_its_control_id() -> None:
    """All ids are optional; one that identifies the leg is enough."""
    given_event = event(answered=life.CallAnswered())
    given_event.call.ClearField("call_leg_id")
    assert seen(given_event).leg_id == "v3:control-1"


@pytest.mark.parametrize("leg_id", ["", "x" * 256, "..", "\x00"])
def test_an_event_that_names_no_call_is_refused(leg_id: str) -> None:
    """Without any usable id the event is invalid; an endless one is never cut to fit."""
    nameless = Event(call=CallEvent(call_leg_id=leg_id, answered=life.CallAnswered()))
    with pytest.raises(Invalid) as caught:
        sightings.of_event(nameless, TOKENS)
    assert caught.value.reason == "CALL_UNIDENTIFIED"


def test_other_call_events_tell_of_the_leg_only() -> None:
    """What voice does not act on still proves that the leg exists."""
    call = seen(event(held=life.CallHeld()))
    assert (call.leg_id, call.state) == ("leg-1", State.NEW)


def test_an_event_of_a_newer_version_waits() -> None:
    """An arm nobody knows is kept for later, unless its writer said that it may be skipped."""
    for unknown in (Event(), Event(call=CallEvent(call_leg_id="leg-1"))):
        with pytest.raises(NotYet) as caught:
            sightings.of_event(unknown, TOKENS)
        assert caught.value.reason == "EVENT_TOO_NEW"
        unknown.safe_to_ignore = True
        assert sightings.of_event(unknown, TOKENS) is None


def test_events_of_other_kinds_are_nothing_to_voice() -> None:
    """An untyped event on a subject of ours is passed over."""
    assert sightings.of_event(Event(other=OtherEvent()), TOKENS) is None


FORM = {
    "CallSid": "v3:sid-1",
    "From": ADA,
    "To": OURS,
    "CallStatus": "ringing",
    "ConnectionId": "1234567890123456789",
}


def test_a_texml_request_tells_of_a_call() -> None:
    """The form of an instruction request is read like the start of a leg."""
    assert sightings.of_texml("main", FORM, at(0)) == Call(
        leg_id="v3:sid-1",
        control_id="v3:sid-1",
        connection_id="1234567890123456789",
        steering=Steering.TEXML,
        texml_app="main",
        caller=Caller(CallerKind.NUMBER, ADA, ADA),
        called_number=OURS,
        raw_called=OURS,
        initiated=at(0),
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("initiated", State.INITIATED),
        ("ringing", State.INITIATED),
        ("in-progress", State.ANSWERED),
        ("completed", State.HUNG_UP),
        ("busy", State.HUNG_UP),
        ("no-answer", State.HUNG_UP),
        ("canceled", State.HUNG_UP),
        ("failed", State.HUNG_UP),
        ("", State.NEW),
        ("brand-new", State.NEW),
    ],
)
def test_texml_states(status: str, state: State) -> None:
    """Each state of a TeXML call is a rank of ours."""
    assert sightings.of_texml("main", {**FORM, "CallStatus": status}, at(0)).state is state


def test_a_texml_event_says_what_its_request_said() -> None:
    """The event on the bus and the request over gRPC join into the same call."""
    request = {
        **FORM,
        "CallStatus": "completed",
        "CallSessionId": "session-1",
        "CallLegId": "leg-1",
        "HangupCause": "normal_clearing",
        "HangupSource": "caller",
        "ShakenStirAttestation": "A",
        "ShakenStirValidated": "true",
        "Direction": "inbound",
    }
    told = Event(
        occur_time=stamp(at(9)),
        texml=TexmlEvent(app="main", call_sid="v3:sid-1", parameters=request),
    )
    call = seen(told)
    assert call == sightings.of_texml("main", request, at(9))
    assert call.hung_up == Hangup(at(9), "normal_clearing", "caller")
    assert (call.leg_id, call.session_id) == ("v3:sid-1", "session-1")
    assert (call.attestation, call.attestation_validated) == ("A", True)
    assert call.direction is Direction.INBOUND


def test_a_texml_request_without_a_call_is_refused() -> None:
    """A form without CallSid names no call."""
    with pytest.raises(Invalid):
        sightings.of_texml("main", {"From": ADA}, at(0))


@pytest.mark.parametrize(
    ("parameters", "asked"),
    [
        ({}, True),
        ({"CallStatus": "in-progress"}, True),
        ({"CallbackSource": "call-progress-events"}, False),
        ({"CallbackSource": ""}, True),
        ({"CallStatus": "completed"}, False),
        ({"QueueSid": "q"}, False),
        ({"RecordingSid": "r"}, False),
        ({"Digits": "1"}, False),
    ],
)
def test_reports_are_told_from_questions(parameters: dict[str, str], asked: bool) -> None:
    """Only a request for instructions is answered with some."""
    assert sightings.wants_instructions({**FORM, **parameters}) is asked


_words = st.text(max_size=300)


@given(st.dictionaries(st.sampled_from([*FORM, "CallSessionId", "Direction"]), _words), _words)
def test_no_form_breaks_anything(parameters: dict[str, str], app: str) -> None:
    """Whatever a form holds is read into what a database can hold, or refused as nameless."""
    try:
        call = sightings.of_texml(app, parameters, at(0))
    except Invalid:
        return
    texts = (call.leg_id, call.texml_app, call.caller.raw, call.raw_called, call.session_id)
    assert all("\x00" not in text and len(text) <= 255 for text in texts)


def test_times_are_aware() -> None:
    """Every instant is in UTC."""
    assert seen(event(answered=life.CallAnswered())).answered == datetime(
        2026, 3, 2, 15, 0, 5, tzinfo=UTC
    )
