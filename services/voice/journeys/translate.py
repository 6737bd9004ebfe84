"""Between the contract of voicemails and the model."""

from collections.abc import Sequence
from datetime import UTC, datetime

from switchhook.voice.v1 import voicemail_pb2, voicemail_service_pb2

from chassis.errors import FieldViolation, Invalid
from chassis.times import duration, instant, timestamp
from services.voice.journeys.voicemails import (
    Place,
    Voicemail,
    VoicemailFilter,
    VoicemailState,
)

_STATES = {
    state: voicemail_pb2.VoicemailState.Value(f"VOICEMAIL_STATE_{state.value}")
    for state in VoicemailState
}


def voicemail(known: Voicemail) -> voicemail_pb2.Voicemail:
    """Return a voicemail as a proto."""
    return voicemail_pb2.Voicemail(
        voicemail_id=known.voicemail_id,
        call_leg_id=known.leg_id,
        step_id=known.step_id,
        state=_STATES[known.state],
        queue_id=known.queue_id,
        agent_id=known.agent_id,
        caller_number=known.caller_number,
        called_number=known.called_number,
        recording_id=known.recording_id,
        length=duration(known.length),
        handled_by=known.handled_by,
        create_time=timestamp(known.create_time),
        handle_time=timestamp(known.handle_time),
    )


def wanted(request: voicemail_service_pb2.ListVoicemailsRequest) -> VoicemailFilter:
    """Return which voicemails a request wants."""
    after = None
    if request.HasField("created_after"):
        after = instant(request.created_after, "created_after")
    return VoicemailFilter(
        state=next((state for state, number in _STATES.items() if number == request.state), None),
        queue_id=request.queue_id,
        agent_id=request.agent_id,
        caller_number=request.caller_number,
        leg_id=request.call_leg_id,
        created_after=after,
    )


def position(place: Place) -> list[str | int]:
    """Return a place as a page token holds it."""
    return [place.create_time.isoformat(), place.voicemail_id]


def place(position: Sequence[str | int]) -> Place | None:
    """Return the place a page token holds; raises Invalid when it cannot be one."""
    if not position:
        return None
    try:
        time, voicemail_id = position
        if "\x00" in str(voicemail_id):
            raise ValueError("no database holds this")
        return Place(datetime.fromisoformat(str(time)).astimezone(UTC), str(voicemail_id))
    except (ValueError, OverflowError):
        violation = FieldViolation("page_token", "is not a token this service gave")
        raise Invalid([violation]) from None
