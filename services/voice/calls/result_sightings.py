"""What events say of how commands came to their end."""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from switchhook.event.v1 import call_input_event_pb2 as inputs
from switchhook.event.v1 import call_media_event_pb2 as media
from switchhook.event.v1 import call_recording_event_pb2 as recordings
from switchhook.event.v1.call_event_pb2 import CallEvent

from services.voice.calls.facts import CommandKind, Result, ResultStatus
from services.voice.calls.model import usable_id
from services.voice.calls.state_token import StateToken

_LONGEST_DIGITS = 128
_LONGEST_SPEECH = 1000

_RECORDING_IDS = uuid.UUID("5d0c1a3e-57b4-5b1e-9a42-0f1f7a3be0c9")
"""Never change it: a recording announced again would become another one."""

_GATHERED = {
    inputs.GATHER_STATUS_VALID: ResultStatus.COMPLETED,
    inputs.GATHER_STATUS_INVALID: ResultStatus.INVALID,
    inputs.GATHER_STATUS_TIMEOUT: ResultStatus.TIMED_OUT,
    inputs.GATHER_STATUS_CALL_HANGUP: ResultStatus.HUNG_UP,
    inputs.GATHER_STATUS_CANCELLED: ResultStatus.CANCELLED,
    inputs.GATHER_STATUS_CANCELLED_AMD: ResultStatus.CANCELLED,
}
_SPOKEN = {
    media.SPEAK_STATUS_COMPLETED: ResultStatus.COMPLETED,
    media.SPEAK_STATUS_CALL_HANGUP: ResultStatus.HUNG_UP,
    media.SPEAK_STATUS_CANCELLED_AMD: ResultStatus.CANCELLED,
}
_PLAYED = {
    media.PLAYBACK_STATUS_COMPLETED: ResultStatus.COMPLETED,
    media.PLAYBACK_STATUS_FILE_NOT_FOUND: ResultStatus.FAILED,
    media.PLAYBACK_STATUS_FAILED: ResultStatus.FAILED,
    media.PLAYBACK_STATUS_CALL_HANGUP: ResultStatus.HUNG_UP,
    media.PLAYBACK_STATUS_CANCELLED: ResultStatus.CANCELLED,
    media.PLAYBACK_STATUS_CANCELLED_AMD: ResultStatus.CANCELLED,
}


def results(said: CallEvent, token: StateToken | None, time: datetime) -> frozenset[Result]:
    """Return the result an event tells, if any.

    Its key is empty when the event carries no token of such a command; the switchboard finds out
    which command it is of.
    """
    arm = said.WhichOneof("detail") or ""
    if arm not in _RESULTS:
        return frozenset()
    kind, read = _RESULTS[arm]
    facts = read(getattr(said, arm), said)
    if facts is None:
        return frozenset()
    key = token.key if token and token.leg_id and token.kind is kind else ""
    return frozenset({Result(key=key, kind=kind, time=time, **facts)})


def recording_id(said: recordings.CallRecordingSaved, leg_id: str) -> str:
    """Return the carrier's id of a recording, or one made of its leg and its beginning."""
    stated = said.recording_id.replace("\x00", "")
    if stated and usable_id(stated):
        return stated
    begun = said.start_time.ToNanoseconds() if said.HasField("start_time") else 0
    return str(uuid.uuid5(_RECORDING_IDS, f"{leg_id}/{begun}"))


def length(said: recordings.CallRecordingSaved) -> timedelta | None:
    """Return how long a recording is, or None when the carrier did not say."""
    begun, ended = moment(said, "start_time"), moment(said, "end_time")
    return max(ended - begun, timedelta(0)) if begun and ended else None


def moment(said: recordings.CallRecordingSaved, field: str) -> datetime | None:
    """Return an instant, or None for one that is absent or that no calendar holds."""
    if not said.HasField(field):  # type: ignore[arg-type]
        return None
    try:
        return getattr(said, field).ToDatetime(UTC)  # type: ignore[no-any-return]
    except (ValueError, OverflowError):
        return None


Facts = dict[str, Any]


def _spoken(said: media.CallSpeakEnded, _event: CallEvent) -> Facts:
    return {"status": _status(_SPOKEN.get(said.status), said.raw_status)}


def _played(said: media.CallPlaybackEnded, _event: CallEvent) -> Facts:
    return {"status": _status(_PLAYED.get(said.status), said.raw_status)}


def _gathered(said: inputs.CallGatherEnded, _event: CallEvent) -> Facts:
    digits = said.digits.replace("\x00", "")[:_LONGEST_DIGITS]
    return {"status": _GATHERED.get(said.status, ResultStatus.OTHER), "digits": digits}


def _heard(said: recordings.CallTranscribed, _event: CallEvent) -> Facts | None:
    spoken = said.transcription_data.transcript.replace("\x00", "").strip()[:_LONGEST_SPEECH]
    if not said.transcription_data.is_final or not spoken:
        return None
    return {"status": ResultStatus.COMPLETED, "speech": spoken}


def _recorded(said: recordings.CallRecordingSaved, event: CallEvent) -> Facts:
    identity = recording_id(said, event.call_leg_id or event.call_control_id)
    return {
        "status": ResultStatus.COMPLETED,
        "recording_id": identity,
        "duration": length(said),
    }


def _unrecorded(_said: recordings.CallRecordingFailed, _event: CallEvent) -> Facts:
    return {"status": ResultStatus.FAILED}


def _status(known: ResultStatus | None, raw: str) -> ResultStatus:
    # A text that is stopped by a command is "cancelled", which the schema of speaking leaves out.
    return known or (ResultStatus.CANCELLED if raw == "cancelled" else ResultStatus.OTHER)


_RESULTS: Mapping[str, tuple[CommandKind, Callable[[Any, CallEvent], Facts | None]]] = {
    "speak_ended": (CommandKind.SPEAK, _spoken),
    "playback_ended": (CommandKind.PLAY, _played),
    "gather_ended": (CommandKind.GATHER, _gathered),
    "transcribed": (CommandKind.GATHER, _heard),
    "recording_saved": (CommandKind.RECORD, _recorded),
    "recording_failed": (CommandKind.RECORD, _unrecorded),
}
"""The arms that tell how a command of which kind ended."""
