"""Build the exact bytes of the requests the services send to Telnyx.

Pure, and stable: the same arguments give the same bytes for ever, because Telnyx compares the body
of a repeated idempotency key byte by byte (Telnyx: idempotency). What is None is left out.
A `client_state` is any bytes: it goes out as base64, and webhooks echo it.
Builders raise ValueError for what Telnyx is known to refuse, without repeating the value.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, urlencode

import orjson

SPEAK_MAX_CHARACTERS = 3000
MEDIA_URLS_MAX = 10

RejectCause = Literal["CALL_REJECTED", "USER_BUSY"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request: method, path below the base URL, and the bytes of the body, empty for none."""

    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"


def send_message(
    *,
    to: str,
    from_number: str | None = None,
    text: str | None = None,
    media_urls: Sequence[str] = (),
    subject: str | None = None,
    messaging_profile_id: str | None = None,
    webhook_url: str | None = None,
) -> Request:
    """Send one SMS or MMS; send it with an idempotency key.

    `from_number` is a number, a short code or an alphanumeric sender; it may be left out only when
    the profile picks the sender. Needs `text`, `media_urls` or both.
    """
    if not text and not media_urls:
        raise ValueError("a message needs text or media")
    if len(media_urls) > MEDIA_URLS_MAX:
        raise ValueError(f"a message carries at most {MEDIA_URLS_MAX} media")
    if from_number is None and messaging_profile_id is None:
        raise ValueError("a message needs a sender or a messaging profile")
    return _post(
        "/messages",
        {
            "from": from_number,
            "messaging_profile_id": messaging_profile_id,
            "to": to,
            "text": text,
            "subject": subject,
            "media_urls": list(media_urls) or None,
            "webhook_url": webhook_url,
        },
    )


def get_message(message_id: str) -> Request:
    """Read a message; Telnyx keeps it for 10 days."""
    return Request("GET", f"/messages/{_segment(message_id)}")


def list_opt_outs(*, since: str | None = None, page: int = 1, size: int = 250) -> Request:
    """List who has opted out at Telnyx, from a time on, in ISO 8601."""
    asked = {"created_at[gte]": since, "page[number]": str(page), "page[size]": str(size)}
    present = {name: value for name, value in asked.items() if value is not None}
    return Request("GET", f"/messaging_optouts?{urlencode(present)}")


def dial(
    *,
    connection_id: str,
    to: str,
    from_number: str,
    command_id: str,
    client_state: bytes | None = None,
    timeout_seconds: int | None = None,
    link_to: str | None = None,
    bridge_on_answer: bool | None = None,
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
            "timeout_secs": timeout_seconds,
            "link_to": link_to,
            "bridge_on_answer": bridge_on_answer,
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
    if not 0 < len(text) <= SPEAK_MAX_CHARACTERS:
        raise ValueError(f"text to speak has 1 to {SPEAK_MAX_CHARACTERS} characters")
    fields = {
        "payload": text,
        "payload_type": "ssml" if ssml else None,
        "voice": voice,
        "language": language,
    }
    return _command(call_control_id, "speak", fields, command_id, client_state)


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


def get_call(call_control_id: str) -> Request:
    """Read a call; Telnyx keeps it for 10 minutes after its end."""
    return Request("GET", f"/calls/{_segment(call_control_id)}")


def refresh_fax(fax_id: str) -> Request:
    """Ask for a new media URL of a received fax; `get_fax` then shows it."""
    return Request("POST", f"/faxes/{_segment(fax_id)}/actions/refresh")


def get_fax(fax_id: str) -> Request:
    """Read a fax."""
    return Request("GET", f"/faxes/{_segment(fax_id)}")


_Fields = Mapping[str, str | int | list[str] | None]


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


def _client_state(state: bytes | None) -> str | None:
    return None if state is None else base64.b64encode(state).decode()


def _segment(identifier: str) -> str:
    """Quote an id for a path: it comes from outside and must not reach another resource."""
    if identifier in ("", ".", ".."):
        raise ValueError("an id in a path must not be empty or dots")
    return quote(identifier, safe="")
