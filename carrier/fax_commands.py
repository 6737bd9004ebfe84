"""Build the requests about faxes we send; pure and stable, as `carrier.commands`.

A fax has no idempotency key: two equal requests are two faxes. The `client_state` is what tells
them apart afterwards, in webhooks and in the list of faxes (Telnyx: POST /faxes, GET /faxes).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import orjson

from carrier.commands import Request

CONTENTS_MAX_BYTES = 20_000_000
"""Most bytes of a document sent within the request. Source: Telnyx, OpenAPI POST /faxes."""
LIST_MAX_PAGE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxOrder:
    """What every way to send a fax says; `client_state` is any bytes and goes out as base64."""

    connection_id: str
    from_number: str
    to_number: str
    client_state: bytes
    quality: str = "high"
    t38_enabled: bool = True
    monochrome: bool = False


def send_fax_contents(order: FaxOrder, contents: bytes, *, name: str, seed: str) -> Request:
    """Send a fax with its PDF in the request, at most 20 MB.

    The same `seed`, order and contents give the same bytes: the boundary is made from them.
    """
    if len(contents) > CONTENTS_MAX_BYTES:
        raise ValueError("a fax sent within the request has at most 20 MB")
    boundary = _boundary(seed, contents)
    body = bytearray()
    for field, value in _fields(order).items():
        body += _part(boundary, f'form-data; name="{field}"')
        body += _text(value).encode() + b"\r\n"
    body += _part(
        boundary,
        f'form-data; name="contents"; filename="{name}"\r\nContent-Type: application/pdf',
    )
    body += contents + f"\r\n--{boundary}--\r\n".encode()
    return Request(
        "POST", "/faxes", bytes(body), content_type=f"multipart/form-data; boundary={boundary}"
    )


def send_fax_link(order: FaxOrder, media_url: str) -> Request:
    """Send a fax whose document the carrier fetches; it follows no redirect."""
    return Request("POST", "/faxes", orjson.dumps(_fields(order) | {"media_url": media_url}))


def list_sent_faxes(*, to_number: str, from_number: str, since: datetime, page: int = 1) -> Request:
    """List faxes sent from one number to another since a time, up to 250 a page."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    asked = {
        "filter[created_at][gte]": moment,
        "filter[direction][eq]": "outbound",
        "filter[from][eq]": from_number,
        "filter[to][eq]": to_number,
        "page[number]": str(page),
        "page[size]": str(LIST_MAX_PAGE),
    }
    return Request("GET", f"/faxes?{urlencode(asked)}")


def cancel_fax(fax_id: str) -> Request:
    """Stop a fax that is queued or being sent; 90080 when it is too late (Telnyx: cancel a fax)."""
    if fax_id in ("", ".", ".."):
        raise ValueError("an id in a path must not be empty or dots")
    return Request("POST", f"/faxes/{quote(fax_id, safe='')}/actions/cancel")


def _fields(order: FaxOrder) -> dict[str, str | bool]:
    return {
        "connection_id": order.connection_id,
        "from": order.from_number,
        "to": order.to_number,
        "quality": order.quality,
        "t38_enabled": order.t38_enabled,
        "monochrome": order.monochrome,
        "client_state": base64.b64encode(order.client_state).decode(),
    }


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _part(boundary: str, disposition: str) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()


def _boundary(seed: str, contents: bytes) -> str:
    """Return a boundary that the contents do not hold, the same for the same seed."""
    boundary = hashlib.sha256(seed.encode()).hexdigest()[:40]
    while boundary.encode() in contents:
        boundary = hashlib.sha256(boundary.encode()).hexdigest()[:40]
    return boundary
