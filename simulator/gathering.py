"""What the person at the other end keys in or says, and how it is collected (Telnyx: gather)."""

from __future__ import annotations

from datetime import datetime

from simulator.legs import Call, Gather
from simulator.machine import Action, After, Emit, Timer

THINKING_SECONDS = 1.0
"""From the end of a question to the answer in words."""


def gather(call: Call, asked: Gather, after: float, now: datetime) -> list[Action]:
    """Begin to collect digits; the first timeout starts `after` seconds from now."""
    actions = stop(call, now, "cancelled")
    call.gather = asked
    actions.append(After(after, Timer("asked", call.call_control_id, asked.token)))
    presses = call.script.press.to(asked.prompt)
    if presses:
        actions.append(After(after, Timer("press", call.call_control_id, presses)))
    return actions


def listen(call: Call, token: str) -> list[Action]:
    """Begin to wait for the first digit when the question has been put."""
    asked = call.gather
    if asked is None or asked.token != token or asked.digits:
        return []
    return [_wait(call, asked, asked.timeout)]


def stop(call: Call, now: datetime, status: str) -> list[Action]:
    """End a gather under way before its time."""
    return [] if call.gather is None else [_end_gather(call, now, status)]


def transcribe(call: Call) -> list[Action]:
    """Turn what the person says from now on into text (Telnyx: transcription_start)."""
    call.transcribed = True
    return answer_in_words(call)


def answer_in_words(call: Call) -> list[Action]:
    """Let the person answer what they have just heard, if anybody listens."""
    words = call.script.say.to(call.hears) if call.transcribed else ""
    if not words:
        return []
    return [After(THINKING_SECONDS, Timer("words", call.call_control_id, words))]


def say(call: Call, words: str, now: datetime) -> list[Action]:
    """Let the person say something; it is reported while the call is transcribed."""
    if not call.transcribed:
        return []
    heard = {
        "confidence": 0.95,
        "is_final": True,
        "transcript": words,
        "transcription_track": "inbound",
    }
    return [call.emit("call.transcription", now, parties=False, transcription_data=heard)]


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
    return After(seconds, Timer("gather", call.call_control_id, _wait_token(asked)), asked=True)


def _wait_token(asked: Gather) -> str:
    return f"{asked.token}/{asked.tries}/{len(asked.digits)}"
