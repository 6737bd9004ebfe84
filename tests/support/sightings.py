"""What single events say about one call, ready to be joined."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    Steering,
)

OURS = "+12025550110"
ADA = "+13125550101"
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the instant so many seconds into the call."""
    return START + timedelta(seconds=seconds)


LEG = Call(
    leg_id="leg-1",
    control_id="v3:control-1",
    session_id="session-1",
    connection_id="1234567890123456789",
    steering=Steering.COMMANDS,
)
PARTIES = replace(
    LEG,
    caller=Caller(CallerKind.NUMBER, ADA, ADA),
    called_number=OURS,
    raw_called=OURS,
)

INITIATED = replace(PARTIES, direction=Direction.INBOUND, initiated=at(0))
ANSWERED = replace(PARTIES, answered=at(1))
SPEECH_STARTED = replace(LEG, speech_started=at(2))
SPEECH_ENDED = replace(LEG, speech_ended=SpeechEnd(at(6)))
SPEECH_CUT_SHORT = replace(LEG, speech_ended=SpeechEnd(at(6), cut_short=True))
QUEUED = replace(LEG, entered_queue=QueueEntry(at(7), "support"))
DEQUEUED = replace(LEG, left_queue=QueueExit(at(30), DequeueReason.BRIDGED, "bridged", "support"))
TIMED_OUT = replace(LEG, left_queue=QueueExit(at(90), DequeueReason.TIMEOUT, "timeout", "support"))
GAVE_UP = replace(LEG, left_queue=QueueExit(at(20), DequeueReason.HANGUP, "hangup", "support"))
BRIDGED = replace(PARTIES, bridged=at(31), last_bridged=at(31))
HUNG_UP = replace(PARTIES, hung_up=Hangup(at(60), "normal_clearing", "caller"))
