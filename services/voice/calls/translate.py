"""Between the contract of acting on calls and the model: requests in, dials and moments out."""

from collections.abc import Sequence
from datetime import timedelta

from google.protobuf.message import Message
from switchhook.voice.v1 import (
    call_action_pb2,
    call_command_pb2,
    call_media_pb2,
    call_pb2,
    call_session_pb2,
    call_timeline_pb2,
    call_watch_pb2,
    dial_pb2,
    recording_pb2,
    recording_service_pb2,
)

from chassis.change_log import Change, Step
from chassis.errors import FieldViolation, Invalid
from chassis.times import duration, length, timestamp
from services.voice import translate
from services.voice.calls.acting import Wanted
from services.voice.calls.command import (
    ALL_KEYS,
    Gather,
    Play,
    Record,
    Reject,
    RejectCause,
    SendDtmf,
    Speak,
    Transfer,
)
from services.voice.calls.model import Role
from services.voice.calls.recordings import Recording, RecordingFilter, RecordingState
from services.voice.calls.records import ChangedCall, DialRecord, SessionFilter, SessionRecord
from services.voice.calls.timeline import Moment

_RING = timedelta(seconds=30)
_GATHER, _NEXT_KEY = timedelta(seconds=60), timedelta(seconds=5)
_MOST_DIGITS = 128


def wanted(request: dial_pb2.DialCallRequest) -> Wanted:
    """Return whom a request wants to call."""
    return Wanted(
        request_id=request.request_id,
        to=request.to_address,
        from_number=request.from_number,
        connection_id=request.connection_id,
        timeout=_length(request, "ring_time", _RING),
        display_name=request.display_name,
    )


def reject(request: call_action_pb2.RejectCallRequest) -> Reject:
    """Return what a refused caller is told."""
    busy = request.cause == call_action_pb2.REJECT_CAUSE_BUSY
    return Reject(RejectCause.BUSY if busy else RejectCause.REJECTED)


def transfer(request: call_action_pb2.TransferCallRequest) -> Transfer:
    """Return to whom a request connects a leg."""
    ring = _length(request, "ring_time", _RING)
    return Transfer(request.to_address, request.from_number, ring)


def speak(request: call_media_pb2.SpeakTextRequest) -> Speak:
    """Return what a request says."""
    return Speak(request.text, request.language)


def play(request: call_media_pb2.PlayAudioRequest) -> Play:
    """Return what a request plays."""
    return Play(request.audio_url, request.loop)


def gather(request: call_media_pb2.GatherDigitsRequest) -> Gather:
    """Return how a request asks for keys; raises Invalid when no answer could be right."""
    most = request.maximum_digits or _MOST_DIGITS
    least = request.minimum_digits or 1
    if least > most:
        violation = FieldViolation("minimum_digits", "must not be more than maximum_digits")
        raise Invalid([violation])
    return Gather(
        request.text,
        request.language,
        min_digits=least,
        max_digits=most,
        valid_digits=request.valid_digits or ALL_KEYS,
        terminator=request.terminator or "#",
        timeout=_length(request, "timeout", _GATHER),
        inter_digit=_length(request, "inter_digit_timeout", _NEXT_KEY),
    )


def send_dtmf(request: call_media_pb2.SendDtmfRequest) -> SendDtmf:
    """Return the tones a request sends."""
    return SendDtmf(request.digits)


def record(request: call_media_pb2.StartRecordingRequest) -> Record:
    """Return how a request records."""
    return Record(
        _optional_length(request, "max_length"),
        _optional_length(request, "silence"),
        request.beep,
    )


def dial(found: DialRecord) -> dial_pb2.Dial:
    """Return a dial as a proto."""
    return dial_pb2.Dial(
        dial_id=found.dial_id,
        state=call_command_pb2.CallCommandState.Value(f"CALL_COMMAND_STATE_{found.state.name}"),
        reason=found.reason,
        call_leg_id=found.leg_id,
        to_address=found.to_address,
        from_number=found.from_number,
        request_time=timestamp(found.request_time),
        settle_time=timestamp(found.settle_time),
    )


def session(found: SessionRecord) -> call_session_pb2.CallSession:
    """Return a session as a proto."""
    return call_session_pb2.CallSession(
        call_session_id=found.session_id,
        legs=[translate.call(leg) for leg in found.legs],
        is_alive=found.is_alive,
        create_time=timestamp(found.legs[0].create_time),
        end_time=timestamp(found.end_time),
    )


def session_filter(request: call_session_pb2.ListSessionsRequest) -> SessionFilter:
    """Return which sessions a request wants."""
    return SessionFilter(request.phone_number, request.alive_only)


def moment(found: Moment) -> call_timeline_pb2.Moment:
    """Return a moment as a proto."""
    return call_timeline_pb2.Moment(
        time=timestamp(found.time),
        kind=call_timeline_pb2.MomentKind.Value(f"MOMENT_KIND_{found.kind.name}"),
        title=found.title,
        reference=found.reference,
        detail=found.detail,
        call_leg_id=found.leg_id,
    )


def offset(position: Sequence[str | int]) -> int:
    """Return how many entries a page token passes over; raises Invalid when it cannot be one."""
    if not position:
        return 0
    if len(position) == 1 and isinstance(position[0], int) and position[0] >= 0:
        return position[0]
    raise Invalid([FieldViolation("page_token", "is not a token this service gave")])


def watches(request: call_watch_pb2.WatchCallsRequest, found: ChangedCall) -> bool:
    """Return whether a watch wants to be told of a change."""
    known = found.record.call
    conditions = (
        (request.call_leg_id, (known.leg_id,)),
        (request.call_session_id, (known.session_id,)),
        (request.phone_number, (known.caller.phone_number, known.called_number)),
    )
    told = all(not asked or asked in has for asked, has in conditions)
    role = Role(_ROLES[request.role]) if request.role else None
    states = set(request.states)
    shown = translate.STATES[found.state]
    return told and role in (None, known.role) and (not states or shown in states)


def step(found: Step[ChangedCall]) -> call_watch_pb2.WatchCallsResponse:
    """Return one step of a watch as a proto."""
    answer = call_watch_pb2.WatchCallsResponse(sequence=found.sequence)
    if found.change is not None and found.thing is not None:
        answer.change.CopyFrom(_change(found.change, found.thing))
    return answer


def recording(found: Recording) -> recording_pb2.Recording:
    """Return a recording as a proto."""
    return recording_pb2.Recording(
        recording_id=found.recording_id,
        call_leg_id=found.leg_id,
        call_session_id=found.session_id,
        key=found.key,
        state=recording_pb2.RecordingState.Value(f"RECORDING_STATE_{found.state.name}"),
        reason=found.reason,
        content_type=found.content_type,
        size_bytes=found.size_bytes,
        sha256=found.sha256,
        channels=found.channels,
        duration=duration(found.duration),
        start_time=timestamp(found.start_time),
        end_time=timestamp(found.end_time),
        create_time=timestamp(found.create_time),
        store_time=timestamp(found.store_time),
    )


def recording_filter(request: recording_service_pb2.ListRecordingsRequest) -> RecordingFilter:
    """Return which recordings a request wants."""
    name = recording_pb2.RecordingState.Name(request.state).removeprefix("RECORDING_STATE_")
    state = RecordingState[name] if request.state else None
    return RecordingFilter(request.call_leg_id, request.call_session_id, state)


_ROLES = {
    call_pb2.CALL_ROLE_CALLER: Role.CALLER,
    call_pb2.CALL_ROLE_AGENT: Role.AGENT,
    call_pb2.CALL_ROLE_CUSTOMER: Role.CUSTOMER,
    call_pb2.CALL_ROLE_DIALLED: Role.DIALLED,
}


def _change(change: Change, found: ChangedCall) -> call_watch_pb2.CallChange:
    return call_watch_pb2.CallChange(
        record_time=timestamp(change.record_time),
        state=translate.STATES[found.state],
        call=translate.call(found.record),
    )


def _length(request: Message, field: str, default: timedelta) -> timedelta:
    """Return a length a request holds, or the default when it holds none."""
    return _optional_length(request, field) or default


def _optional_length(request: Message, field: str) -> timedelta | None:
    return length(getattr(request, field), field) if request.HasField(field) else None
