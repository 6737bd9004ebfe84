"""Normalize at one fixed time, for tests."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.other_event_pb2 import UnreadableReason

from carrier.normalize import normalize, normalize_texml

RECEIVED = datetime(2026, 3, 1, 12, 30, 46, tzinfo=UTC)


def event_of(body: bytes | dict[str, Any] | list[Any]) -> Event:
    """Normalize a body given as bytes or as the object it is."""
    if not isinstance(body, bytes):
        body = orjson.dumps(body)
    return normalize(body, receive_time=RECEIVED)


def texml_of(fields: dict[str, str] | bytes, app: str = "front") -> Event:
    """Normalize a TeXML form given as bytes or as its fields."""
    form = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    return normalize_texml(form, app=app, receive_time=RECEIVED)


def arms(event: Event) -> str:
    """Return the arm of an event and the one inside it, such as `call.initiated`."""
    domain = event.WhichOneof("detail") or ""
    detail = getattr(event, domain)
    if "detail" not in detail.DESCRIPTOR.oneofs_by_name:
        return domain
    return f"{domain}.{detail.WhichOneof('detail')}"


def reason(event: Event) -> str:
    """Return why an event could not be read, without the prefix."""
    assert event.WhichOneof("detail") == "unreadable"
    return UnreadableReason.Name(event.unreadable.reason).removeprefix("UNREADABLE_REASON_")
