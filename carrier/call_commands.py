"""Build the requests that start and steer calls; pure and stable, as `carrier.commands`.

Every command carries a `command_id`, by which Telnyx drops a repetition within 60 seconds, and a
`client_state` of any bytes, which goes out as base64 and comes back with events.
Builders raise ValueError for what Telnyx is known to refuse, without repeating the value.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import quote

import orjson

from carrier.commands import Request

SPEAK_MAX_CHARACTERS = 3000

RejectCause = Literal["CALL_REJECTED", "USER_BUSY"]

_Fields = Mapping[str, str | int | dict[str, str | list[str]] | None]


def dial(
    *,
    connection_id: str,
    to: str,
    from_number: str,
    command_id: str,
    client_state: bytes | None = None,
    timeout_seconds: int | None = None,
    display_name: str | None = None,
    link_to: str | None = None,
    bridge_on_answer: bool | None = None,
    park_after_unbridge: bool = False,
    webhook_url: str | None = None,
) -> Request:
    """Start an outgoing call; the same `command_id` within 60 s starts no second one.

    `to` is a number or a SIP URI. `link_to` is the call_control_id of the leg this one belongs to,
    `bridge_on_answer` joins the two as soon as this one is answered.
    """
    return _post(
        "/calls",
        {
            "connection_id": connection_id,
            "to": to,
            "from": from_number,
            "from_display_name": display_name,
            "timeout_secs": timeout_seconds,
            "link_to": link_to,
            "bridge_on_answer": bridge_on_answer,
            "park_after_unbridge": "self" if park_after_unbridge else None,
            "webhook_url": webhook_url,
            "client_state": _client_state(client_state),
            "command_id": command_id,
        },
    )


def answer(call_control_id: str, *, command_id: str, client_state: bytes | None = None) -> Request:
    """Answer an incoming call."""
    return _command(call_control_id, "answer", {}, command_id, client_state)


def reject(
    call_control_id: str,
    *,
    cause: RejectCause,
    command_id: str,
    client_state: bytes | None = None,
) -> Request:
    """Refuse an incoming call that has not been answered."""
    return _command(call_control_id, "reject", {"cause": cause}, command_id, client_state)


def hangup(call_control_id: str, *, command_id: str, client_state: bytes | None = None) -> Request:
    """End a call."""
    return _command(call_control_id, "hangup", {}, command_id, client_state)


def speak(
    call_control_id: str,
    *,
    text: str,
    voice: str,
    command_id: str,
    client_state: bytes | None = None,
    language: str | None = None,
    ssml: bool = False,
) -> Request:
    """Speak up to 3000 characters to the caller; `text` is SSML when `ssml` says so.

    `voice` is required by Telnyx, such as "female" or "AWS.Polly.Joanna"; `language` is needed only
    by the plain voices.
    """
    fields = {
        "payload": _speakable(text),
        "payload_type": "ssml" if ssml else None,
        "voice": voice,
        "language": language,
    }
    return _command(call_control_id, "speak", fields, command_id, client_state)


def play(
    call_control_id: str,
    *,
    audio_url: str,
    command_id: str,
    client_state: bytes | None = None,
    loop: bool = False,
) -> Request:
    """Play an MP3 or WAV file; with `loop` again and again until it is stopped."""
    fields = {"audio_url": audio_url, "loop": "infinity" if loop else None}
    return _command(call_control_id, "playback_start", fields, command_id, client_state)


def stop_playback(
    call_control_id: str, *, command_id: str, client_state: bytes | None = None
) -> Request:
    """Stop everything that plays or is spoken, also what is waiting to be."""
    return _command(call_control_id, "playback_stop", {"stop": "all"}, command_id, client_state)


def gather_using_speak(
    call_control_id: str,
    *,
    text: str,
    voice: str,
    command_id: str,
    client_state: bytes | None = None,
    language: str | None = None,
    minimum_digits: int = 1,
    maximum_digits: int = 128,
    valid_digits: str = "0123456789#*",
    terminating_digit: str = "#",
    timeout_millis: int = 60_000,
    inter_digit_timeout_millis: int = 5_000,
    maximum_tries: int = 1,
) -> Request:
    """Speak a text and collect keys; `call.gather.ended` tells them."""
    fields = {
        "payload": _speakable(text),
        "voice": voice,
        "language": language,
        "minimum_digits": minimum_digits,
        "maximum_digits": maximum_digits,
        "valid_digits": valid_digits,
        "terminating_digit": terminating_digit,
        "timeout_millis": timeout_millis,
        "inter_digit_timeout_millis": inter_digit_timeout_millis,
        "maximum_tries": maximum_tries,
    }
    return _command(call_control_id, "gather_using_speak", fields, command_id, client_state)


def gather_stop(
    call_control_id: str, *, command_id: str, client_state: bytes | None = None
) -> Request:
    """Stop collecting keys; `call.gather.ended` says that it was cancelled."""
    return _command(call_control_id, "gather_stop", {}, command_id, client_state)


def transcription_start(
    call_control_id: str,
    *,
    command_id: str,
    client_state: bytes | None = None,
    language: str = "en",
    hints: Sequence[str] = (),
) -> Request:
    """Turn what the call's own side says into text, with phrases to expect.

    `language` is one of the engine's short codes, such as "en" or "es". `call.transcription` tells
    what was said.
    """
    config: dict[str, str | list[str]] = {
        "transcription_engine": "Google",
        "language": language,
        "hints": list(hints),
    }
    fields: _Fields = {
        "transcription_engine": "Google",
        "transcription_engine_config": config,
        "transcription_tracks": "inbound",
    }
    return _command(call_control_id, "transcription_start", fields, command_id, client_state)


def transcription_stop(
    call_control_id: str, *, command_id: str, client_state: bytes | None = None
) -> Request:
    """Stop turning speech into text."""
    return _command(call_control_id, "transcription_stop", {}, command_id, client_state)


def send_dtmf(
    call_control_id: str, *, digits: str, command_id: str, client_state: bytes | None = None
) -> Request:
    """Send the tones of keys: 0-9, A-D, * and #; w pauses for half a second, W for one."""
    return _command(call_control_id, "send_dtmf", {"digits": digits}, command_id, client_state)


def record_start(
    call_control_id: str,
    *,
    command_id: str,
    client_state: bytes | None = None,
    max_seconds: int = 0,
    silence_seconds: int = 0,
    beep: bool = False,
) -> Request:
    """Record the call as MP3, one channel; 0 sets no limit.

    `silence_seconds` of silence end it. `format` and `channels` are required by Telnyx.
    """
    fields: _Fields = {
        "format": "mp3",
        "channels": "single",
        "max_length": max_seconds,
        "timeout_secs": silence_seconds,
        "play_beep": beep,
    }
    return _command(call_control_id, "record_start", fields, command_id, client_state)


def record_stop(
    call_control_id: str, *, command_id: str, client_state: bytes | None = None
) -> Request:
    """End the recording; `call.recording.saved` tells where it is."""
    return _command(call_control_id, "record_stop", {}, command_id, client_state)


def transfer(
    call_control_id: str,
    *,
    to: str,
    command_id: str,
    client_state: bytes | None = None,
    target_client_state: bytes | None = None,
    from_number: str | None = None,
    timeout_seconds: int | None = None,
) -> Request:
    """Dial a number or a SIP URI and connect the call to it.

    `target_client_state` comes back with the events of the new leg.
    """
    fields = {
        "to": to,
        "from": from_number,
        "timeout_secs": timeout_seconds,
        "target_leg_client_state": _client_state(target_client_state),
    }
    return _command(call_control_id, "transfer", fields, command_id, client_state)


def bridge(
    call_control_id: str,
    *,
    other_call_control_id: str,
    command_id: str,
    client_state: bytes | None = None,
) -> Request:
    """Join this call with another one; this one is parked when the other hangs up."""
    fields = {"call_control_id": other_call_control_id, "park_after_unbridge": "self"}
    return _command(call_control_id, "bridge", fields, command_id, client_state)


def bridge_queue(
    call_control_id: str,
    *,
    queue_name: str,
    command_id: str,
    client_state: bytes | None = None,
) -> Request:
    """Join this call with the first one waiting in a queue.

    The OpenAPI document asks for a second call_control_id although `queue` excludes it; only the
    queue is sent, as the guide shows (Telnyx: queueing calls).
    """
    return _command(call_control_id, "bridge", {"queue": queue_name}, command_id, client_state)


def enqueue(
    call_control_id: str,
    *,
    queue_name: str,
    command_id: str,
    client_state: bytes | None = None,
    max_wait_seconds: int | None = None,
    max_size: int | None = None,
    keep_after_hangup: bool | None = None,
) -> Request:
    """Put a call into a queue, which Telnyx creates when it is missing.

    `max_size` counts only when the queue is created (100 when left out); another size for an
    existing queue is refused with 90037. After `max_wait_seconds` the call leaves the queue parked.
    """
    fields = {
        "queue_name": queue_name,
        "max_size": max_size,
        "max_wait_time_secs": max_wait_seconds,
        "keep_after_hangup": keep_after_hangup,
    }
    return _command(call_control_id, "enqueue", fields, command_id, client_state)


def leave_queue(
    call_control_id: str, *, command_id: str, client_state: bytes | None = None
) -> Request:
    """Take a call out of its queue; it stays parked."""
    return _command(call_control_id, "leave_queue", {}, command_id, client_state)


def get_call(call_control_id: str) -> Request:
    """Read a call; Telnyx keeps it for 10 minutes after its end."""
    return Request("GET", f"/calls/{_segment(call_control_id)}")


def get_recording(recording_id: str) -> Request:
    """Read a recording; its `download_urls` are fresh and live for 10 minutes."""
    return Request("GET", f"/recordings/{_segment(recording_id)}")


def _command(
    call_control_id: str,
    action: str,
    fields: _Fields,
    command_id: str,
    client_state: bytes | None,
) -> Request:
    ends = {"client_state": _client_state(client_state), "command_id": command_id}
    return _post(f"/calls/{_segment(call_control_id)}/actions/{action}", {**fields, **ends})


def _post(path: str, fields: _Fields) -> Request:
    present = {name: value for name, value in fields.items() if value is not None}
    return Request("POST", path, orjson.dumps(present))


def _speakable(text: str) -> str:
    if not 0 < len(text) <= SPEAK_MAX_CHARACTERS:
        raise ValueError(f"text to speak has 1 to {SPEAK_MAX_CHARACTERS} characters")
    return text


def _client_state(state: bytes | None) -> str | None:
    return None if state is None else base64.b64encode(state).decode()


def _segment(identifier: str) -> str:
    """Quote an id for a path: it comes from outside and must not reach another resource."""
    if identifier in ("", ".", ".."):
        raise ValueError("an id in a path must not be empty or dots")
    return quote(identifier, safe="")
