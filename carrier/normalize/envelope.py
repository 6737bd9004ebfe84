"""Find the event in a body: where its type, its id, its times and its payload stand.

Most bodies are `{"data": {event_type, id, occurred_at, payload}, "meta": {...}}`; Telnyx has half a
dozen other shapes in its documentation, its OpenAPI document and its traffic. A body of API version
1 is refused, because its fields mean other things under the same names.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from switchhook.event.v1.other_event_pb2 import UnreadableReason

from carrier.normalize.reading import Unreadable

LINK_CLICKED = "link_clicked"
CAMPAIGN_STATUS = "campaignStatusUpdate"

_V1_ADVICE = (
    'a body of API version 1: set webhook_api_version to "2" on the Call Control application or '
    "the messaging profile it comes from"
)


@dataclass(slots=True)
class Envelope:
    """One event, before its payload is read."""

    type: str
    data: dict[str, Any]
    """What holds the id and the times."""
    payload: Any
    """What holds the fields; usually an object."""
    path: str = "payload"
    """How the payload is called in the paths of ignored fields."""
    meta: Any = None
    """What the carrier says of the delivery."""


def locate(document: dict[str, Any], known: Container[str]) -> Envelope:
    """Return the event in `document`.

    `known` holds the types of the catalogue. Raises Unreadable for a body of API version 1 and for
    one without an event type.
    """
    data = document.get("data")
    if isinstance(data, dict):
        found = _wrapped(data, document.get("meta")) or _session(document, data)
    else:
        found = _flat(document, known) or _delivery_record(document)
    if found is None:
        raise Unreadable(
            UnreadableReason.UNREADABLE_REASON_NO_EVENT_TYPE, "no event type can be found"
        )
    return found


def _wrapped(data: dict[str, Any], meta: Any) -> Envelope | None:
    type_ = _type(data)
    if type_:
        return Envelope(type_, data, data.get("payload"), meta=meta)
    if data.get("record_type") == LINK_CLICKED:
        return Envelope(LINK_CLICKED, data, data, path="", meta=meta)
    return None


def _session(document: dict[str, Any], data: dict[str, Any]) -> Envelope | None:
    """Meeting sessions: {id, event, data, occurred_at, version}. Source: Telnyx SDK."""
    type_ = document.get("event")
    if isinstance(type_, str) and type_:
        return Envelope(type_, document, data, path="data")
    return None


def _flat(document: dict[str, Any], known: Container[str]) -> Envelope | None:
    """Bodies without `data`: in the fax and SIPREC documentation, and conference.floor.changed."""
    type_ = _type(document)
    if type_:
        if type_ not in known and _is_v1_word(type_):
            raise _version_one(type_)
        return Envelope(type_, document, document.get("payload"), meta=document.get("meta"))
    if document.get("record_type") == LINK_CLICKED:
        return Envelope(LINK_CLICKED, document, document, path="")
    if "campaignId" in document and ("brandId" in document or "cspId" in document):
        return Envelope(CAMPAIGN_STATUS, document, document, path="")
    if "sms_id" in document or document.keys() >= {"from", "to", "body"}:
        raise _version_one("")
    return None


def _delivery_record(document: dict[str, Any]) -> Envelope | None:
    """Read the carrier's log of a delivery: {metadata: {event, attempt, delivered_to}}."""
    metadata = document.get("metadata")
    event = metadata.get("event") if isinstance(metadata, dict) else None
    return _wrapped(event, metadata) if isinstance(event, dict) else None


def _type(data: dict[str, Any]) -> str:
    type_ = data.get("event_type")
    return type_ if isinstance(type_, str) else ""


def _is_v1_word(type_: str) -> bool:
    """Tell whether a type is written as API version 1 does: `call_initiated`, `dtmf`."""
    return "." not in type_ and ("_" in type_ or type_ == "dtmf")


def _version_one(type_: str) -> Unreadable:
    return Unreadable(UnreadableReason.UNREADABLE_REASON_API_VERSION_1, _V1_ADVICE, type_)
