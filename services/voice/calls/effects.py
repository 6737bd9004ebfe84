"""Commands and dials as effects: the exact bytes to send to the carrier, signed."""

import math
from datetime import timedelta

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
    Play,
    Record,
    Reject,
    SendDtmf,
    Speak,
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


class CommandEffects:
    """Turns commands into effects with the exact bytes to send."""

    def __init__(self, voice: str, tokens: StateTokens) -> None:
        self._voice = voice
        self._tokens = tokens

    def command(self, call: Call, key: str, command: Command) -> Effect:
        """Return the effect of a command on a call; the same every time it is asked for."""
        identity = command_id(call.leg_id, key)
        token = StateToken(call.role, call.subject, key, command.kind, call.leg_id)
        state = self._tokens.sign(token)
        request = self._request(call, key, command, identity, state)
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

    def _request(
        self, call: Call, key: str, command: Command, identity: str, state: bytes
    ) -> Request:
        control_id = call.control_id
        match command:
            case Answer():
                return wire.answer(control_id, command_id=identity, client_state=state)
            case Reject(cause):
                return wire.reject(
                    control_id, cause=cause.value, command_id=identity, client_state=state
                )
            case Speak(text, language):
                return wire.speak(
                    control_id,
                    text=text[: wire.SPEAK_MAX_CHARACTERS],
                    voice=self._voice,
                    language=language or None,
                    command_id=identity,
                    client_state=state,
                )
            case Play(audio_url, loop):
                return wire.play(
                    control_id,
                    audio_url=audio_url,
                    loop=loop,
                    command_id=identity,
                    client_state=state,
                )
            case StopPlayback():
                return wire.stop_playback(control_id, command_id=identity, client_state=state)
            case Gather():
                return self._gather(control_id, command, identity, state)
            case SendDtmf(digits):
                return wire.send_dtmf(
                    control_id, digits=digits, command_id=identity, client_state=state
                )
            case Record(max_length, silence, beep):
                return wire.record_start(
                    control_id,
                    max_seconds=_seconds(max_length),
                    silence_seconds=_seconds(silence),
                    beep=beep,
                    command_id=identity,
                    client_state=state,
                )
            case _:
                return self._connecting(call, key, command, identity, state)

    def _connecting(
        self,
        call: Call,
        key: str,
        command: StopRecording | Transfer | Bridge | Enqueue | LeaveQueue | HangUp,
        identity: str,
        state: bytes,
    ) -> Request:
        control_id = call.control_id
        match command:
            case StopRecording():
                return wire.record_stop(control_id, command_id=identity, client_state=state)
            case Transfer():
                return self._transfer(call, key, command, identity, state)
            case Bridge(other, ""):
                return wire.bridge(
                    control_id,
                    other_call_control_id=other,
                    command_id=identity,
                    client_state=state,
                )
            case Bridge(_, queue):
                return wire.bridge_queue(
                    control_id, queue_name=queue, command_id=identity, client_state=state
                )
            case Enqueue(queue, max_wait):
                return wire.enqueue(
                    control_id,
                    queue_name=queue,
                    max_wait_seconds=_seconds(max_wait) or None,
                    command_id=identity,
                    client_state=state,
                )
            case LeaveQueue():
                return wire.leave_queue(control_id, command_id=identity, client_state=state)
            case HangUp():
                return wire.hangup(control_id, command_id=identity, client_state=state)

    def _gather(self, control_id: str, asked: Gather, identity: str, state: bytes) -> Request:
        return wire.gather_using_speak(
            control_id,
            text=asked.text[: wire.SPEAK_MAX_CHARACTERS],
            voice=self._voice,
            language=asked.language or None,
            minimum_digits=asked.min_digits,
            maximum_digits=max(asked.min_digits, asked.max_digits),
            valid_digits=asked.valid_digits,
            terminating_digit=asked.terminator,
            timeout_millis=_milliseconds(asked.timeout),
            inter_digit_timeout_millis=_milliseconds(asked.inter_digit),
            command_id=identity,
            client_state=state,
        )

    def _transfer(
        self, call: Call, key: str, asked: Transfer, identity: str, state: bytes
    ) -> Request:
        subject = f"{call.leg_id}/{key}"
        target = StateToken(Role.DIALLED, subject, key, CommandKind.TRANSFER)
        return wire.transfer(
            call.control_id,
            to=asked.to,
            from_number=asked.from_number or None,
            timeout_seconds=_ring_seconds(asked.timeout),
            target_client_state=self._tokens.sign(target),
            command_id=identity,
            client_state=state,
        )


def _seconds(length: timedelta | None) -> int:
    return 0 if length is None else max(1, math.ceil(length.total_seconds()))


def _ring_seconds(length: timedelta) -> int:
    least, most = _RING_SECONDS
    return min(max(_seconds(length), least), most)


def _milliseconds(length: timedelta) -> int:
    return max(1, length // timedelta(milliseconds=1))
