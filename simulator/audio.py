"""What is heard on a call: speech and audio files.

Several speaks queue up; a hangup ends them all with status call_hangup (Telnyx: speak).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from simulator.legs import Call, Playback, Speech
from simulator.machine import Action, After, Emit, Timer

SECONDS_PER_CHARACTER = 0.06
PLAYBACK_SECONDS = 5.0


def speaking_time(text: str) -> float:
    """Return the seconds a voice takes for a text."""
    return max(0.5, len(text) * SECONDS_PER_CHARACTER)


def speak(call: Call, speak_id: str, text: str, now: datetime) -> list[Action]:
    """Say a text after those already waiting."""
    call.speeches.append(Speech(speak_id, text, speaking_time(text)))
    return _begin_speech(call, now) if len(call.speeches) == 1 else []


def speech_over(call: Call, speak_id: str, now: datetime) -> list[Action]:
    """End the current speech when it is the one meant, and begin the next."""
    if not call.speeches or call.speeches[0].speak_id != speak_id:
        return []
    return [_end_speech(call, now, "completed"), *_begin_speech(call, now)]


def _begin_speech(call: Call, now: datetime) -> list[Action]:
    if not call.speeches:
        return []
    speech = call.speeches[0]
    call.hears = speech.text
    started = _heard(call, "call.speak.started", now, speak_id=speech.speak_id)
    return [started, After(speech.seconds, Timer("speech", call.call_control_id, speech.speak_id))]


def _end_speech(call: Call, now: datetime, status: str) -> Emit:
    speech = call.speeches.popleft()
    return _heard(call, "call.speak.ended", now, speak_id=speech.speak_id, status=status)


def play(
    call: Call, token: str, names: dict[str, Any], endless: bool, now: datetime
) -> list[Action]:
    """Play an audio file in place of the one before; an endless one lasts until it is stopped."""
    actions: list[Action] = list(stop_playback(call, now, "cancelled"))
    call.playback = Playback(token, names)
    actions.append(_heard(call, "call.playback.started", now, **names))
    if not endless:
        actions.append(After(PLAYBACK_SECONDS, Timer("playback", call.call_control_id, token)))
    return actions


def playback_over(call: Call, token: str, now: datetime) -> list[Action]:
    """End the audio file when it is the one meant."""
    if call.playback is None or call.playback.token != token:
        return []
    return list(stop_playback(call, now, "completed"))


def stop_playback(call: Call, now: datetime, status: str) -> Iterator[Emit]:
    """Stop the audio file, if one is being played."""
    if call.playback is not None:
        names, call.playback = call.playback.names, None
        yield _heard(call, "call.playback.ended", now, status=status, status_detail="", **names)


def stop_all(call: Call, now: datetime) -> list[Action]:
    """Stop audio and speech alike, as playback_stop does."""
    actions: list[Action] = list(stop_playback(call, now, "cancelled"))
    while call.speeches:
        actions.append(_end_speech(call, now, "completed"))
    return actions


def cut_off(call: Call, now: datetime) -> list[Action]:
    """End everything heard because the call is over."""
    actions: list[Action] = list(stop_playback(call, now, "call_hangup"))
    while call.speeches:
        actions.append(_end_speech(call, now, "call_hangup"))
    return actions


def _heard(call: Call, event_type: str, now: datetime, **own: Any) -> Emit:
    return call.emit(event_type, now, parties=False, calling_party_type="pstn", **own)
