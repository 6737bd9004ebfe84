"""What is heard on a call and what its keys say: speech, audio files, gathered digits.

Several speaks queue up; a hangup ends them all with status call_hangup (Telnyx: speak, gather).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from simulator.legs import Call, Gather, Playback, Speech
from simulator.machine import Action, After, Emit, Timer

SECONDS_PER_CHARACTER = 0.06
PLAYBACK_SECONDS = 5.0


def speaking_time(text: str) -> float:
    """Return the seconds a voice takes for a text."""
    return max(0.5, len(text) * SECONDS_PER_CHARACTER)


def speak(call: Call, speak_id: str, text: str, now: datetime) -> list[Action]:
    """Say a text after those already waiting."""
    call.speeches.append(Speech(speak_id, speaking_time(text)))
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


def gather(call: Call, asked: Gather, after: float) -> list[Action]:
    """Begin to collect digits; the first timeout starts `after` seconds from now."""
    call.gather = asked
    actions: list[Action] = [_wait(call, asked, after + asked.timeout)]
    if call.presses:
        presses, call.presses = call.presses, ""
        actions.append(After(after, Timer("press", call.call_control_id, presses)))
    return actions


def press(call: Call, digits: str, now: datetime) -> list[Action]:
    """Let the other party press keys."""
    actions: list[Action] = []
    for digit in digits:
        actions.append(call.emit("call.dtmf.received", now, digit=digit))
        actions.extend(_collect(call, digit, now))
    return actions


def _collect(call: Call, digit: str, now: datetime) -> list[Action]:
    asked = call.gather
    if asked is None:
        return []
    if digit == asked.terminator:
        return _settle(call, asked, now)
    if digit not in asked.valid:
        return []
    asked.digits += digit
    if len(asked.digits) >= asked.maximum:
        return _settle(call, asked, now)
    return [_wait(call, asked, asked.inter_digit)]


def gather_timeout(call: Call, token: str, now: datetime) -> list[Action]:
    """Stop waiting for digits when no later digit has restarted the wait."""
    if call.gather is None or _wait_token(call.gather) != token:
        return []
    return _settle(call, call.gather, now)


def _settle(call: Call, asked: Gather, now: datetime) -> list[Action]:
    """End with what there is, or ask again while tries are left."""
    if len(asked.digits) >= asked.minimum:
        return [_end_gather(call, now, "valid")]
    if asked.tries > 1:
        asked.tries, asked.digits = asked.tries - 1, ""
        return [_wait(call, asked, asked.timeout)]
    return [_end_gather(call, now, "invalid" if asked.digits else "timeout")]


def _end_gather(call: Call, now: datetime, status: str) -> Emit:
    digits = call.gather.digits if call.gather else ""
    call.gather = None
    return call.emit("call.gather.ended", now, digits=digits, status=status)


def _wait(call: Call, asked: Gather, seconds: float) -> After:
    return After(seconds, Timer("gather", call.call_control_id, _wait_token(asked)))


def _wait_token(asked: Gather) -> str:
    return f"{asked.token}/{asked.tries}/{len(asked.digits)}"


def cut_off(call: Call, now: datetime) -> list[Action]:
    """End everything heard or asked because the call is over."""
    actions: list[Action] = list(stop_playback(call, now, "call_hangup"))
    while call.speeches:
        actions.append(_end_speech(call, now, "call_hangup"))
    if call.gather is not None:
        actions.append(_end_gather(call, now, "call_hangup"))
    return actions


def _heard(call: Call, event_type: str, now: datetime, **own: Any) -> Emit:
    return call.emit(event_type, now, parties=False, calling_party_type="pstn", **own)
