"""What holds for any bytes, any JSON, and any value in any field."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from switchhook.event.v1.event_pb2 import Event

from carrier.normalize import subject
from carrier.normalize.catalogue import ROUTES, UNTYPED
from carrier.normalize.plans import Plan
from carrier.normalize.webhook import MAX_IGNORED
from tests.support.telnyx_bodies import (
    CALL,
    EVENT_ID,
    FAX,
    MESSAGE,
    VERIFICATION,
    event_data,
    webhook,
)
from tests.unit.carrier.normalized import arms, event_of, texml_of

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["", "true", "+12025550101", "1e5", "2026-03-01T12:00:00Z", "incoming", "sip:a@example.com"]
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
KEYS = TEXTS | st.sampled_from(
    ["data", "payload", "event_type", "id", "meta", "custom_code", "amount", "phone_number", "to"]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
EXAMPLES = {
    "message.received": MESSAGE,
    "message.finalized": MESSAGE,
    "call.initiated": CALL,
    "call.hangup": CALL,
    "fax.received": FAX,
    "verify.delivered": VERIFICATION,
}
TYPES = sorted(ROUTES.keys() | UNTYPED)


def check(event: Event) -> None:
    """Check what every event promises."""
    stored = event.SerializeToString()
    assert Event.FromString(stored) == event
    assert event.event_id
    assert len(event.event_id) <= 128
    assert event.HasField("receive_time")
    assert event.WhichOneof("detail")
    # An unreadable event without a reason is a bug of ours that was caught.
    assert event.unreadable.reason or event.WhichOneof("detail") != "unreadable"
    assert len(event.ignored_fields) <= MAX_IGNORED
    tokens = subject(event).split(".")
    assert all(tokens)
    assert all(token.isascii() for token in tokens)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event(body: bytes) -> None:
    """No bytes make the normalizer raise, or give two results."""
    event = event_of(body)
    check(event)
    assert event == event_of(body)


@given(st.sampled_from(sorted(EXAMPLES)), st.integers(0), st.integers(0, 40), st.binary(max_size=9))
def test_any_damage_to_a_body_is_an_event(type_: str, at: int, length: int, put: bytes) -> None:
    """A body that lost, got or changed some bytes is an event of some kind."""
    body = webhook(type_, EXAMPLES[type_])
    at %= len(body)
    check(event_of(body[:at] + put + body[at + length :]))


@given(st.binary(max_size=300))
def test_any_form_is_an_event(form: bytes) -> None:
    """No bytes make the reader of forms raise, with a call and without."""
    for body in (form, b"CallSid=v3:a&" + form):
        event = texml_of(body)
        check(event)
        assert event == texml_of(body)
    assert event.texml.call_sid == "v3:a"


@given(JSON)
def test_any_json_is_an_event(document: Any) -> None:
    """No JSON makes the normalizer raise, or give two results."""
    event = event_of(orjson.dumps(document))
    check(event)
    assert event == event_of(orjson.dumps(document))


@given(st.sampled_from(TYPES), st.dictionaries(KEYS, JSON, max_size=6))
def test_any_payload_keeps_its_type(type_: str, payload: dict[str, Any]) -> None:
    """An event with a type goes where its type says, whatever its payload."""
    event = event_of(webhook(type_, payload))
    check(event)
    assert (event.event_id, event.type) == (EVENT_ID, type_)
    assert arms(event).split(".")[0] == (ROUTES[type_].domain if type_ in ROUTES else "other")


def fields_of(type_: str) -> list[str]:
    """Return the keys the plans of a type read."""

    def keys(plan: Plan) -> set[str]:
        return {*plan._steps, *(key for choice, _ in plan._choices for key in choice)}

    route = ROUTES[type_]
    return sorted(keys(route.common) | keys(route.detail))


FIELDS = [(type_, key) for type_ in sorted(ROUTES) for key in fields_of(type_)]


@given(st.sampled_from(FIELDS), JSON)
def test_any_value_in_any_field_is_read_or_named(field: tuple[str, str], value: Any) -> None:
    """A value in one field spoils nothing else: it is read, or left out and named."""
    type_, key = field
    event = event_of(webhook(type_, {key: value}))
    check(event)
    assert (event.event_id, event.type) == (EVENT_ID, type_)
    assert all(path.startswith(f"payload.{key}") for path in event.ignored_fields)


@given(st.sampled_from(sorted(EXAMPLES)), st.data(), JSON)
def test_one_field_of_a_valid_body_may_be_anything(
    type_: str, data: st.DataObject, value: Any
) -> None:
    """The other fields of a valid body are read as before."""
    payload = EXAMPLES[type_]
    key = data.draw(st.sampled_from(sorted(payload)))
    event = event_of(webhook(type_, payload | {key: value}))
    check(event)
    assert (event.event_id, event.type) == (EVENT_ID, type_)
    rest = {other: payload[other] for other in payload if other != key}
    without = event_of(webhook(type_, rest))
    domain = event.WhichOneof("detail") or ""
    expected, found = getattr(without, domain), getattr(event, domain)
    for field, text in expected.ListFields():
        if field.is_repeated or field.name == "detail" or field.message_type:
            continue
        assert getattr(found, field.name) == text


@given(st.sampled_from(["data", "meta", "event_type", "id", "occurred_at", "payload"]), JSON)
def test_any_value_in_the_envelope_is_an_event(key: str, value: Any) -> None:
    """The envelope may be broken anywhere."""
    document: dict[str, Any] = {"data": event_data("message.received", MESSAGE), "meta": {}}
    if key in document:
        document[key] = value
    else:
        document["data"][key] = value
    check(event_of(document))


@given(st.sampled_from(sorted(EXAMPLES)), st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_unknown_fields_change_nothing(type_: str, extra: dict[str, Any]) -> None:
    """The carrier adds fields without notice: they stand in the raw body alone."""
    payload = EXAMPLES[type_]
    extra = {f"unheard_of_{key}": value for key, value in extra.items()}
    plain, event = event_of(webhook(type_, payload)), event_of(webhook(type_, payload | extra))
    for one in (plain, event):
        one.ClearField("raw")
    assert event == plain


@given(JSON, st.sampled_from(["48213-secret"]))
def test_a_code_is_nowhere(around: Any, code: str) -> None:
    """Wherever a code stands, it is in no event."""
    document = {"data": event_data("verify.sent", {"x": [around, {"custom_code": code}]})}
    assert code.encode() not in event_of(document).SerializeToString()


@pytest.mark.parametrize("type_", sorted(ROUTES))
def test_every_field_takes_every_kind_of_value(type_: str) -> None:
    """No field of the catalogue makes the normalizer raise for any kind of value."""
    values: list[Any] = [None, "", "x", 0, -1, 2**64 - 1, 1.5, True, [], [[]], {}, {"a": {}}]
    values += [["x"], [None], [{"x": 1}], {"amount": []}, {"phone_number": []}]
    for key in fields_of(type_):
        for value in values:
            check(event_of(webhook(type_, {key: value})))
