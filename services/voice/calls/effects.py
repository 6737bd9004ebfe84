"""Commands and dials as effects: the exact bytes to send to the carrier, signed."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from carrier import call_commands as wire
from carrier.commands import Request
from chassis.effects import Effect, InDoubt
from services.voice.calls.command import (
    Answer,
    Bridge,
    Command,
    Dial,
    Enqueue,
    Gather,
    HangUp,
    LeaveQueue,
    Listen,
    Play,
    Record,
    Reject,
    SendDtmf,
    Speak,
    StopGather,
    StopListening,
    StopPlayback,
    StopRecording,
    Transfer,
    command_id,
    dial_id,
)
from services.voice.calls.facts import CommandKind, Role
from services.voice.calls.model import Call
from services.voice.calls.state_token import StateToken, StateTokens

COMMAND = "telnyx.command"
DIAL = "telnyx.dial"
"""The kinds of effect that command a leg and that start one."""

DIAL_KEY = "dial"
"""The key that the token of a dial carries."""

RESEND_WINDOW = 50.0
"""Seconds during which a command in doubt is sent again under its id.

The carrier drops a repeated `command_id` for 60 seconds; ten are left for the way. Source: Telnyx,
sending commands for programmable voice.
"""

_MAX_ATTEMPTS = 20
_RING_SECONDS = (5, 600)
"""The least and the most a dial may let it ring. Source: Telnyx, dial, `timeout_secs`."""


Wire = tuple[Callable[..., Request], dict[str, Any]]
"""A builder of a request, and what it is given beside the leg, the id and the token."""

Plain = Answer | StopPlayback | StopGather | StopListening | StopRecording | LeaveQueue | HangUp
Heard = Speak | Play | Gather | Listen | SendDtmf | Record
Connecting = Reject | Transfer | Bridge | Enqueue

_PLAIN: dict[type[Plain], Callable[..., Request]] = {
    Answer: wire.answer,
    StopPlayback: wire.stop_playback,
    StopGather: wire.gather_stop,
    StopListening: wire.transcription_stop,
    StopRecording: wire.record_stop,
    LeaveQueue: wire.leave_queue,
    HangUp: wire.hangup,
}
"""The commands that say nothing but what they are."""


class CommandEffects:
    """Turns commands into effects with the exact bytes to send."""

    def __init__(self, voice: str, tokens: StateTokens) -> None:
        self._voice = voice
        self._tokens = tokens

    def command(self, call: Call, key: str, command: Command) -> Effect:
        """Return the effect of a command on a call; the same every time it is asked for."""
        identity = command_id(call.leg_id, key)
        state = self._tokens.sign(_token(call, key, command))
        build, fields = self._wire(call, key, command)
        request = build(call.control_id, command_id=identity, client_state=state, **fields)
        return Effect(
            effect_id=identity,
            kind=COMMAND,
            body=request.body,
            method=request.method,
            path=request.path,
            entity_key=f"{call.leg_id}\n{key}",
            in_doubt=InDoubt.RESEND,
            resend_window=RESEND_WINDOW,
            ordering_key=call.leg_id,
            max_attempts=_MAX_ATTEMPTS,
        )

    def dial(self, dial: Dial) -> Effect:
        """Return the effect of a dial; the same every time it is asked for."""
        identity = dial_id(dial.role, dial.subject)
        token = StateToken(dial.role, dial.subject, DIAL_KEY, CommandKind.DIAL)
        request = wire.dial(
            connection_id=dial.connection_id,
            to=dial.to,
            from_number=dial.from_number,
            command_id=identity,
            client_state=self._tokens.sign(token),
            timeout_seconds=_ring_seconds(dial.timeout),
            display_name=dial.display_name or None,
            link_to=dial.link_to or None,
        )
        return Effect(
            effect_id=identity,
            kind=DIAL,
            body=request.body,
            method=request.method,
            path=request.path,
            entity_key=f"{dial.role.name}\n{dial.subject}",
            in_doubt=InDoubt.RESEND,
            resend_window=RESEND_WINDOW,
            ordering_key=identity,
            max_attempts=_MAX_ATTEMPTS,
        )

    def _wire(self, call: Call, key: str, command: Command) -> Wire:
        if isinstance(command, Plain):
            return _PLAIN[type(command)], {}
        if isinstance(command, Heard):
            return self._heard(command)
        return self._connected(call, key, command)

    def _heard(self, command: Heard) -> Wire:
        """Return how the carrier is told to be heard by a leg, or to hear it."""
        match command:
            case Speak(text, language):
                return wire.speak, self._spoken(text, language)
            case Play(audio_url, loop):
                return wire.play, {"audio_url": audio_url, "loop": loop}
            case Gather():
                return wire.gather_using_speak, self._gathered(command)
            case Listen(_, language, hints):
                short = language.partition("-")[0].lower() or "en"
                return wire.transcription_start, {"language": short, "hints": hints}
            case SendDtmf(digits):
                return wire.send_dtmf, {"digits": digits}
            case Record():
                return wire.record_start, _recorded(command)

    def _connected(self, call: Call, key: str, command: Connecting) -> Wire:
        """Return how the carrier is told to connect a leg, or not to."""
        match command:
            case Reject(cause):
                return wire.reject, {"cause": cause.value}
            case Transfer():
                return wire.transfer, self._transferred(call, key, command)
            case Bridge(other, ""):
                return wire.bridge, {"other_call_control_id": other}
            case Bridge(_, queue):
                return wire.bridge_queue, {"queue_name": queue}
            case Enqueue(queue, max_wait):
                wait = _seconds(max_wait) or None
                return wire.enqueue, {"queue_name": queue, "max_wait_seconds": wait}

    def _spoken(self, text: str, language: str) -> dict[str, Any]:
        short = text[: wire.SPEAK_MAX_CHARACTERS]
        return {"text": short, "voice": self._voice, "language": language or None}

    def _gathered(self, asked: Gather) -> dict[str, Any]:
        return {
            **self._spoken(asked.text, asked.language),
            "minimum_digits": asked.min_digits,
            "maximum_digits": max(asked.min_digits, asked.max_digits),
            "valid_digits": asked.valid_digits,
            "terminating_digit": asked.terminator,
            "timeout_millis": _milliseconds(asked.timeout),
            "inter_digit_timeout_millis": _milliseconds(asked.inter_digit),
        }

    def _transferred(self, call: Call, key: str, asked: Transfer) -> dict[str, Any]:
        subject = f"{call.leg_id}/{key}"
        target = StateToken(Role.DIALLED, subject, key, CommandKind.TRANSFER)
        return {
            "to": asked.to,
            "from_number": asked.from_number or None,
            "timeout_seconds": _ring_seconds(asked.timeout),
            "target_client_state": self._tokens.sign(target),
        }


def _recorded(asked: Record) -> dict[str, Any]:
    return {
        "max_seconds": _seconds(asked.max_length),
        "silence_seconds": _seconds(asked.silence),
        "beep": asked.beep,
    }


def _token(call: Call, key: str, command: Command) -> StateToken:
    """Return the token of a command; what is done for a gather tells of that gather."""
    kind = command.kind
    if isinstance(command, Listen | StopGather):
        key, kind = command.of, CommandKind.GATHER
    return StateToken(call.role, call.subject, key, kind, call.leg_id)


def _seconds(length: timedelta | None) -> int:
    return 0 if length is None else max(1, math.ceil(length.total_seconds()))


def _ring_seconds(length: timedelta) -> int:
    least, most = _RING_SECONDS
    return min(max(_seconds(length), least), most)


def _milliseconds(length: timedelta) -> int:
    return max(1, length // timedelta(milliseconds=1))
