"""Turn the body of a verified JSON webhook into an event."""

from datetime import datetime
from typing import Any

from switchhook.event.v1.event_pb2 import Event, EventSource
from switchhook.event.v1.other_event_pb2 import UnreadableEvent, UnreadableReason

from carrier.normalize import coerce, identity, redact
from carrier.normalize.catalogue import ROUTES, UNTYPED
from carrier.normalize.coerce import Unfit
from carrier.normalize.envelope import Envelope, locate
from carrier.normalize.reading import Unreadable, read

MAX_IGNORED = 50
"""Paths of unreadable fields an event names; a body with more is broken anyway."""

_KNOWN = UNTYPED | ROUTES.keys()


def normalize(
    body: bytes,
    *,
    receive_time: datetime,
    source: EventSource.ValueType = EventSource.EVENT_SOURCE_WEBHOOK,
) -> Event:
    """Return the event in `body`; never raise for any bytes.

    What cannot be understood becomes an UnreadableEvent that keeps the body. A single value of a
    type nobody can read is left out and named in `ignored_fields`. Secrets are blanked everywhere.
    """
    try:
        event = _written(body)
    except Unreadable as unreadable:
        event = _unreadable(body, unreadable)
    except Exception as error:
        # A bug of ours must not cost the carrier's event: it is kept, and can be replayed.
        reason = UnreadableReason.UNREADABLE_REASON_UNSPECIFIED
        failed = Unreadable(reason, f"normalizing failed with {type(error).__name__}")
        event = _unreadable(body, failed)
    event.source = source
    event.receive_time.seconds, event.receive_time.nanos = coerce.since_epoch(receive_time)
    return event


def is_v1(body: bytes) -> bool:
    """Tell whether `body` is one of the carrier's API version 1, signed or not."""
    try:
        locate(read(body), _KNOWN)
    except Unreadable as unreadable:
        return unreadable.reason == UnreadableReason.UNREADABLE_REASON_API_VERSION_1
    return False


def _written(body: bytes) -> Event:
    event = Event()
    document = read(body)
    secret = redact.may_hold_secrets(body) and redact.blank(document)
    found = locate(document, _KNOWN)
    event.raw = redact.readable(body) if secret else body
    event.type = found.type
    ignored: list[str] = []
    _write_envelope(event, found, ignored)
    _write_detail(event, found, ignored)
    event.entity_key = identity.entity_key(event)
    if ignored:
        # Two fields may read one value, such as a word and its enum.
        event.ignored_fields.extend(list(dict.fromkeys(ignored))[:MAX_IGNORED])
    return event


def _write_envelope(event: Event, found: Envelope, ignored: list[str]) -> None:
    given = found.data.get("id")
    # Some bodies have only a `webhook_id`. Telnyx does not say whether that names the event or the
    # subscription; the latter would make every event a repetition of the first.
    event.event_id = identity.event_id(given, event.raw)
    if given is not None and event.event_id.startswith("body-"):
        ignored.append("id")
    _write_occur_time(event, found, ignored)
    meta = found.meta
    if isinstance(meta, dict):
        _set(event, "attempt", _attempt, meta.get("attempt"), "meta.attempt", ignored)
        _set(
            event,
            "delivered_to",
            coerce.text,
            meta.get("delivered_to"),
            "meta.delivered_to",
            ignored,
        )
    elif meta is not None:
        ignored.append("meta")


def _attempt(value: Any) -> int:
    return coerce.integer(value, range(2**31))


def _set(event: Event, name: str, read: Any, value: Any, path: str, ignored: list[str]) -> None:
    if value is None or value == "":
        return
    try:
        setattr(event, name, read(value))
    except Unfit:
        ignored.append(path)


def _write_occur_time(event: Event, found: Envelope, ignored: list[str]) -> None:
    """Write the first time that can be read: of the event, of its payload, of its making."""
    payload = found.payload if isinstance(found.payload, dict) else {}
    for value in (
        found.data.get("occurred_at"),
        payload.get("occurred_at"),
        found.data.get("created_at"),
    ):
        if value is None or value == "":
            continue
        try:
            event.occur_time.seconds, event.occur_time.nanos = coerce.instant(value)
        except Unfit:
            if value is found.data.get("occurred_at"):
                ignored.append("occurred_at")
        else:
            return


def _write_detail(event: Event, found: Envelope, ignored: list[str]) -> None:
    route = ROUTES.get(found.type)
    if route is None:
        event.other.known = found.type in UNTYPED
        event.safe_to_ignore = True
        return
    event.safe_to_ignore = (route.domain, route.arm) not in identity.MUST_BE_HANDLED
    domain = getattr(event, route.domain)
    detail = getattr(domain, route.arm)
    detail.SetInParent()
    if isinstance(found.payload, dict):
        path = f"{found.path}." if found.path else ""
        route.common.fill(domain, found.payload, path, ignored)
        route.detail.fill(detail, found.payload, path, ignored)
        if route.domain == "message" and not found.payload.get("text"):
            _write_rich_text(event, found.payload.get("body"))
    elif found.payload is not None:
        ignored.append(found.path)


def _write_rich_text(event: Event, body: Any) -> None:
    """Write the text of a message over RCS, `{"text": "..."}`, or WhatsApp, one level deeper.

    An opt-out counts whatever it came over. Source: Telnyx, receiving RCS webhooks; SDK, WhatsApp
    message echo. A body of another kind (a file, a place, a reaction) has no text.
    """
    text = body.get("text") if isinstance(body, dict) else None
    if isinstance(text, dict):
        text = text.get("body")
    if isinstance(text, str):
        event.message.text = text


def _unreadable(body: bytes, unreadable: Unreadable) -> Event:
    raw = redact.unreadable(body)
    return Event(
        event_id=identity.event_id(None, raw),
        type=unreadable.type,
        raw=raw,
        unreadable=UnreadableEvent(reason=unreadable.reason, detail=unreadable.detail),
    )
