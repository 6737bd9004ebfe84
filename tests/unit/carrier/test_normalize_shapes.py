"""Where the event stands in each of the shapes the carrier uses."""

from hashlib import sha256
from typing import Any

import orjson
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.event.v1.event_pb2 import EventSource

from carrier.normalize import is_v1, normalize
from tests.support.telnyx_bodies import (
    CALL,
    EVENT_ID,
    FAX,
    MESSAGE,
    OCCURRED_AT,
    VERIFICATION,
    call,
    event_data,
    message,
    webhook,
)
from tests.unit.carrier.normalized import RECEIVED, arms, event_of, reason


def moment(text: str) -> Timestamp:
    """Return a time as protobuf has it."""
    stamp = Timestamp()
    stamp.FromJsonString(text)
    return stamp


def test_an_enveloped_event_keeps_what_the_envelope_says() -> None:
    """The id, type, times, attempt and address of a delivery come from around the payload."""
    body = call()
    event = event_of(body)
    assert event.event_id == EVENT_ID
    assert event.type == "call.initiated"
    assert event.source == EventSource.EVENT_SOURCE_WEBHOOK
    assert event.occur_time == moment(OCCURRED_AT)
    assert event.receive_time.ToDatetime() == RECEIVED.replace(tzinfo=None)
    assert (event.attempt, event.delivered_to) == (1, "https://example.com/webhooks")
    assert event.raw == body
    assert not event.ignored_fields
    assert arms(event) == "call.initiated"


def test_the_source_is_the_caller_s_to_say() -> None:
    """An event found in the delivery log says so."""
    source = EventSource.EVENT_SOURCE_RECONCILIATION
    assert normalize(call(), receive_time=RECEIVED, source=source).source == source


SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "fax documentation: no data around it": (event_data("fax.delivered", FAX), "fax.delivered"),
    "floor change: no data around it": (
        event_data("conference.floor.changed", {"conference_id": "c-1"}),
        "conference.floor_changed",
    ),
    "SIPREC documentation: no data, a webhook_id": (
        {
            "event_type": "call.initiated",
            "payload": CALL,
            "created_at": OCCURRED_AT,
            "webhook_id": "f2a1",
        },
        "call.initiated",
    ),
    "an underscore the documentation prints": (
        {"event_type": "recording_saved", "payload": CALL, "created_at": OCCURRED_AT},
        "call.recording_saved",
    ),
    "link click": (
        {"data": {"record_type": "link_clicked", "url": "https://example.com", "to": "1"}},
        "message.link_clicked",
    ),
    "link click without data": (
        {"record_type": "link_clicked", "url": "https://example.com", "message_id": "m"},
        "message.link_clicked",
    ),
    "campaign status": ({"campaignId": "C1", "brandId": "B1", "status": "DORMANT"}, "other"),
    "meeting session": (
        {"id": "s-1", "event": "session.status_changed", "data": {"status": "x"}, "version": "1"},
        "other",
    ),
    "delivery log": (
        {"metadata": {"attempt": 2, "event": event_data("call.answered", {})}, "name": "x"},
        "call.answered",
    ),
    "no id, no time, no meta": (
        {"data": {"event_type": "message.finalized", "payload": MESSAGE}},
        "message.finalized",
    ),
    "an unknown type": ({"data": event_data("quantum.fax.entangled", {})}, "other"),
    "an unknown type without data": ({"event_type": "quantum.fax", "payload": {}}, "other"),
    "verification": ({"data": event_data("verify.sent", VERIFICATION)}, "verification.sent"),
    "no payload": ({"data": {"event_type": "call.hangup"}}, "call.hung_up"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read(shape: str) -> None:
    """An event is found in each shape the carrier documents or sends."""
    document, expected = SHAPES[shape]
    event = event_of(document)
    assert arms(event) == expected
    assert not event.ignored_fields


def test_a_link_click_fills_the_message() -> None:
    """A link click has no payload: its fields stand beside its record type."""
    event = event_of(SHAPES["link click without data"][0])
    assert event.message.message_id == "m"
    assert event.message.link_clicked.url == "https://example.com"
    assert event.type == "link_clicked"


def test_a_delivery_log_keeps_its_attempt() -> None:
    """The attempt of a logged delivery stands in its metadata."""
    event = event_of(SHAPES["delivery log"][0])
    assert (event.attempt, event.event_id) == (2, EVENT_ID)


VERSION_ONE: dict[str, dict[str, Any]] = {
    "call": {"event_type": "call_initiated", "id": "a", "created_at": OCCURRED_AT, "payload": CALL},
    "call with a later clock": {"event_type": "call_hangup", "occurred_at": OCCURRED_AT},
    "keys": {"event_type": "dtmf", "payload": {"digit": "1"}},
    "message": {"sms_id": "a", "direction": "inbound", "from": "a", "to": "b", "body": "hi"},
    "message without id": {"from": "a", "to": "b", "body": "hi"},
}


@pytest.mark.parametrize("body", VERSION_ONE.values(), ids=VERSION_ONE)
def test_api_version_one_is_refused_by_name(body: dict[str, Any]) -> None:
    """A body of API version 1 says which setting to change, and keeps its type if it has one."""
    event = event_of(body)
    assert reason(event) == "API_VERSION_1"
    assert 'webhook_api_version to "2"' in event.unreadable.detail
    assert event.type == body.get("event_type", "")
    assert event.raw == orjson.dumps(body)
    assert is_v1(event.raw)


@pytest.mark.parametrize("body", [call(), message(), b"", b"{", b"[]", b"{}", b'{"data": 1}'])
def test_nothing_else_is_version_one(body: bytes) -> None:
    """Bodies of version 2 and bodies of nothing are not taken for version 1."""
    assert not is_v1(body)


@pytest.mark.parametrize(
    "document",
    [{}, {"data": {}}, {"data": []}, {"data": {"event_type": 7}}, {"event_type": ""}, {"x": 1}],
)
def test_no_event_type_is_unreadable(document: dict[str, Any]) -> None:
    """An object in which no event type can be found is kept as unreadable."""
    assert reason(event_of(document)) == "NO_EVENT_TYPE"


@pytest.mark.parametrize("given", [None, "", " ", "two words", "ä", "x" * 129, {}, [], True])
def test_an_unusable_id_is_replaced_by_the_body_s_hash(given: object) -> None:
    """An id that could not be a message header is made of the body, the same every time."""
    body = webhook("call.answered", CALL, id=given)
    event = event_of(body)
    assert event.event_id == f"body-{sha256(body).hexdigest()}"
    assert list(event.ignored_fields) == ([] if given is None else ["id"])


def test_a_webhook_id_is_not_taken_for_the_event_s() -> None:
    """Nothing says that `webhook_id` differs from event to event."""
    document = SHAPES["SIPREC documentation: no data, a webhook_id"][0]
    assert event_of(document).event_id.startswith("body-")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"occurred_at": "2026-03-01T12:30:45.123+00:00"}, "2026-03-01T12:30:45.123Z"),
        ({"occurred_at": "2026-03-01T12:30:45.123456"}, "2026-03-01T12:30:45.123456Z"),
        ({"occurred_at": "2026-03-01T14:30:45+02:00"}, "2026-03-01T12:30:45Z"),
        ({"occurred_at": "2026-03-01 12:30:45.5Z"}, "2026-03-01T12:30:45.500Z"),
        ({"occurred_at": None}, "2026-03-01T11:00:00Z"),
        ({"occurred_at": None, "payload": {}, "created_at": OCCURRED_AT}, OCCURRED_AT),
    ],
)
def test_the_first_readable_time_counts(changes: dict[str, Any], expected: str) -> None:
    """The event's own time counts, else its payload's, else that of its making."""
    payload = CALL | {"occurred_at": "2026-03-01T11:00:00Z"}
    event = event_of({"data": event_data("call.answered", payload) | changes})
    assert event.occur_time == moment(expected)
    assert not event.ignored_fields


def test_a_time_nobody_can_read_is_named() -> None:
    """An unreadable time is left out and on record."""
    event = event_of(webhook("call.answered", CALL, occurred_at="yesterday"))
    assert not event.HasField("occur_time")
    assert list(event.ignored_fields) == ["occurred_at"]


@pytest.mark.parametrize(
    ("meta", "attempt", "ignored"),
    [
        ({"attempt": "3"}, 3, []),
        ({"attempt": 2.0}, 2, []),
        ({"attempt": None, "delivered_to": None}, 0, []),
        ({"attempt": -1}, 0, ["meta.attempt"]),
        ({"attempt": "first", "delivered_to": {}}, 0, ["meta.attempt", "meta.delivered_to"]),
        ({}, 0, []),
        (None, 0, []),
        ("gone", 0, ["meta"]),
    ],
)
def test_the_attempt_is_read_in_every_spelling(
    meta: object, attempt: int, ignored: list[str]
) -> None:
    """The count of attempts may be text; what is none is named."""
    event = event_of({"data": event_data("call.answered", CALL), "meta": meta})
    assert event.attempt == attempt
    assert list(event.ignored_fields) == ignored


@pytest.mark.parametrize("payload", ["gone", 7, [], True])
def test_a_payload_that_is_no_object_leaves_the_arm_empty(payload: object) -> None:
    """The event keeps its type and its arm when its payload cannot be read."""
    event = event_of(webhook("message.received", payload))
    assert arms(event) == "message.received"
    assert list(event.ignored_fields) == ["payload"]


def test_known_and_unknown_types_differ() -> None:
    """An untyped event says whether its type is one of the catalogue."""
    assert event_of(webhook("porting_order.split", {})).other.known
    assert not event_of(webhook("porting_order.merged", {})).other.known


def test_a_bug_of_ours_keeps_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that our own code fails on is kept as unreadable, its secrets blanked."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("carrier.normalize.webhook.locate", broken)
    event = event_of(webhook("verify.sent", VERIFICATION))
    assert reason(event) == "UNSPECIFIED"
    assert event.unreadable.detail == "normalizing failed with RuntimeError"
    assert b"48213" not in event.SerializeToString()
