"""Build the exact bytes of the requests the services send to Telnyx.

Pure, and stable: the same arguments give the same bytes for ever, because Telnyx compares the body
of a repeated idempotency key byte by byte (Telnyx: idempotency). What is None is left out.
Commands to calls are in `call_commands`, faxes to send in `fax_commands`.
Builders raise ValueError for what Telnyx is known to refuse, without repeating the value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import orjson

MEDIA_URLS_MAX = 10


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


def refresh_fax(fax_id: str) -> Request:
    """Ask for a new media URL of a received fax; `get_fax` then shows it."""
    return Request("POST", f"/faxes/{_segment(fax_id)}/actions/refresh")


def get_fax(fax_id: str) -> Request:
    """Read a fax."""
    return Request("GET", f"/faxes/{_segment(fax_id)}")


_Fields = Mapping[str, str | int | list[str] | None]


def _post(path: str, fields: _Fields) -> Request:
    present = {name: value for name, value in fields.items() if value is not None}
    return Request("POST", path, orjson.dumps(present))


def _segment(identifier: str) -> str:
    """Quote an id for a path: it comes from outside and must not reach another resource."""
    if identifier in ("", ".", ".."):
        raise ValueError("an id in a path must not be empty or dots")
    return quote(identifier, safe="")
