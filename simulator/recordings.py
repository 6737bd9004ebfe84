"""Recordings: begun by command, stopped by time, silence, command or hangup, saved soon after.

The event has no call_control_id, and its link works for ten minutes (Telnyx: call.recording.saved,
storing call recordings).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.legs import Call, Recording
from simulator.machine import Action, After, Timer, micros

SAVING_SECONDS = 0.5
"""From the end of a recording until its file can be had."""

_RATE = 8000
_MP3_FRAME = b"\xff\xfb\x10\xc4" + b"\0" * 100
"""An MPEG-1 layer III frame of silence: 32 kbit/s at 44.1 kHz, 104 bytes."""

CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}

Store = Callable[[str, str, bytes], str]
"""Keeps a file of a name, a content type and a content; returns its id."""


@dataclass(frozen=True)
class Saved:
    """A recording that has ended."""

    recording_id: str
    call: Call
    channels: str
    format: str
    started_at: datetime
    ended_at: datetime
    media_id: str


class Recorder:
    """Makes and keeps the recordings of the account."""

    def __init__(self, store: Store, signed_url: Callable[[str, datetime], str]) -> None:
        self._store = store
        self._signed_url = signed_url
        self.saved: dict[str, Saved] = {}

    def start(self, call: Call, recording: Recording, max_length: int) -> list[Action]:
        """Record a call, which takes the place of a recording under way."""
        call.recording = recording
        actions: list[Action] = []
        if max_length:
            actions.append(_stop_after(call, recording, max_length))
        if call.incoming and not call.bridged_to and call.script.message:
            kind = "spoken" if call.script.stays else "message"
            timer = Timer(kind, call.call_control_id, recording.token)
            actions.append(After(call.script.message, timer))
        return actions

    @staticmethod
    def wait_for_silence(call: Call, token: str) -> list[Action]:
        """Let silence end the recording, from the last word on (Telnyx: record_start)."""
        recording = call.recording
        if recording is None or recording.token != token or not recording.silence:
            return []
        return [_stop_after(call, recording, recording.silence)]

    def stop(self, call: Call, now: datetime, token: str = "") -> list[Action]:
        """End the recording under way, or only the one meant."""
        recording = call.recording
        if recording is None or token not in ("", recording.token):
            return []
        call.recording = None
        self.keep(call, recording, now)
        return [After(SAVING_SECONDS, Timer("saved", call.call_control_id, recording.token))]

    def keep(self, call: Call, recording: Recording, now: datetime) -> None:
        """Keep a recording that has ended."""
        call.recordings += 1
        content = audio_file(recording.format, now - recording.started_at)
        name = f"{recording.token}.{recording.format}"
        media_id = self._store(name, CONTENT_TYPES[recording.format], content)
        self.saved[recording.token] = Saved(
            recording.token,
            call,
            recording.channels,
            recording.format,
            recording.started_at,
            now,
            media_id,
        )

    def announce(self, recording_id: str, now: datetime) -> list[Action]:
        """Say that a recording can be had."""
        saved = self.saved[recording_id]
        event = saved.call.emit(
            "call.recording.saved",
            now,
            parties=False,
            calling_party_type="pstn",
            channels=saved.channels,
            recording_started_at=micros(saved.started_at),
            recording_ended_at=micros(saved.ended_at),
            recording_urls={saved.format: self._signed_url(saved.media_id, now)},
            public_recording_urls={},
        )
        del event.payload["call_control_id"]
        return [event]

    def resource(self, saved: Saved, now: datetime) -> dict[str, Any]:
        """Return a recording as GET /recordings/{id} shows it, with a fresh link."""
        call = saved.call
        length = saved.ended_at - saved.started_at
        return {
            "record_type": "recording",
            "id": saved.recording_id,
            "call_control_id": call.call_control_id,
            "call_leg_id": call.call_leg_id,
            "call_session_id": call.call_session_id,
            "connection_id": call.connection_id,
            "channels": saved.channels,
            "from": call.from_number,
            "to": call.to_number,
            "initiated_by": "RecordVerb" if call.by_texml else "StartCallRecordingAPI",
            "source": "call",
            "status": "completed",
            "recording_started_at": micros(saved.started_at),
            "recording_ended_at": micros(saved.ended_at),
            "created_at": micros(saved.ended_at),
            "updated_at": micros(saved.ended_at),
            "duration_millis": int(length / timedelta(milliseconds=1)),
            "download_urls": {saved.format: self._signed_url(saved.media_id, now)},
        }


def _stop_after(call: Call, recording: Recording, seconds: float) -> After:
    return After(seconds, Timer("record", call.call_control_id, recording.token), asked=True)


def audio_file(kind: str, length: timedelta) -> bytes:
    """Return silence of a length, ten seconds at most, as wav or mp3."""
    seconds = min(length.total_seconds(), 10.0)
    if kind == "mp3":
        return _MP3_FRAME * max(1, int(seconds * 44_100 / 1152))
    samples = int(seconds * _RATE)
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + samples, b"WAVE", b"fmt ", 16, 7, 1, _RATE, _RATE, 1, 8),
        *(b"data", samples),
    )
    return header + b"\xff" * samples
