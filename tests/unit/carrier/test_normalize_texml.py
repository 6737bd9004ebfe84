"""What a TeXML request becomes."""

import pytest
from switchhook.event.v1.event_pb2 import EventSource
from switchhook.event.v1.texml_event_pb2 import TexmlKind

from carrier.normalize import subject
from tests.unit.carrier.normalized import RECEIVED, arms, reason, texml_of

REQUEST = {
    "AccountSid": "a-1",
    "CallSid": "v3:exampleControlId-aaaa",
    "ConnectionId": "1684641123236054199",
    "From": "+12025550101",
    "To": "sip:front@example.com",
    "CallStatus": "in-progress",
}
PROGRESS = REQUEST | {
    "CallbackSource": "call-progress-events",
    "SequenceNumber": "2",
    "Timestamp": "2026-03-01 12:30:45.123456Z",
}


def test_a_request_is_read_field_by_field() -> None:
    """The fields of the form are the event's, and all of them stand in `parameters`."""
    event = texml_of(PROGRESS | {"HangupCause": "normal_clearing", "CallSessionId": "s-1"})
    texml = event.texml
    assert arms(event) == "texml"
    assert event.source == EventSource.EVENT_SOURCE_TEXML
    assert event.receive_time.ToDatetime() == RECEIVED.replace(tzinfo=None)
    assert event.occur_time.ToJsonString() == "2026-03-01T12:30:45.123456Z"
    assert event.safe_to_ignore
    assert (texml.app, texml.call_sid, texml.account_sid) == ("front", REQUEST["CallSid"], "a-1")
    assert texml.connection_id == "1684641123236054199"
    assert texml.from_party.phone_number == "+12025550101"
    assert texml.to_party.sip_uri == "sip:front@example.com"
    assert (texml.raw_call_status, texml.sequence_number) == ("in-progress", 2)
    assert (texml.hangup_cause, texml.call_session_id) == ("normal_clearing", "s-1")
    assert texml.parameters["Timestamp"] == PROGRESS["Timestamp"]
    assert event.entity_key == REQUEST["CallSid"]


KINDS: list[tuple[dict[str, str], TexmlKind.ValueType, str]] = [
    ({}, TexmlKind.TEXML_KIND_INSTRUCTION, "texml.instruction"),
    (
        {"CallbackSource": "call-progress-events", "RecordingUrl": "x"},
        TexmlKind.TEXML_KIND_CALL_PROGRESS,
        "texml.call-progress-events",
    ),
    ({"QueueSid": "q", "QueuePosition": "1"}, TexmlKind.TEXML_KIND_QUEUE, "texml.queue"),
    ({"Digits": ""}, TexmlKind.TEXML_KIND_GATHER, "texml.gather"),
    ({"SpeechResult": "yes"}, TexmlKind.TEXML_KIND_GATHER, "texml.gather"),
    ({"RecordingSid": "r"}, TexmlKind.TEXML_KIND_RECORDING, "texml.recording"),
    ({"ReferCallStatus": "completed"}, TexmlKind.TEXML_KIND_REFER, "texml.refer"),
    ({"CallbackSource": "new"}, TexmlKind.TEXML_KIND_UNSPECIFIED, "texml.new"),
]


@pytest.mark.parametrize(("fields", "kind", "type_"), KINDS)
def test_what_a_request_is_about(
    fields: dict[str, str], kind: TexmlKind.ValueType, type_: str
) -> None:
    """The fields only such requests have tell what a request is about."""
    event = texml_of(REQUEST | fields)
    assert (event.texml.kind, event.type) == (kind, type_)
    assert subject(event) == f"events.v1.telnyx.texml.{type_}"


def test_digits_keep_their_leading_zeros() -> None:
    """Keys pressed are text."""
    assert texml_of(REQUEST | {"Digits": "0042"}).texml.digits == "0042"


def test_a_repeated_callback_has_one_id() -> None:
    """A counted callback is known by its count, whatever else the carrier writes differently."""
    first = texml_of(PROGRESS)
    assert first.event_id.startswith("texml-")
    assert texml_of(PROGRESS | {"Timestamp": "2026-03-01T12:30:46Z"}).event_id == first.event_id
    assert texml_of(PROGRESS | {"SequenceNumber": "3"}).event_id != first.event_id
    assert texml_of(PROGRESS | {"CallSid": "other"}).event_id != first.event_id


def test_two_gathers_of_a_call_are_two_events() -> None:
    """A request the carrier does not count is known by its whole form."""
    one = texml_of(REQUEST | {"Digits": "1"})
    assert texml_of(REQUEST | {"Digits": "1"}).event_id == one.event_id
    assert texml_of(REQUEST | {"Digits": "2"}).event_id != one.event_id
    assert texml_of(REQUEST | {"Digits": "1"}, app="back").event_id != one.event_id


def test_fields_cannot_pass_for_one_another() -> None:
    """The parts of an id do not run together."""
    one = texml_of(PROGRESS | {"CallSid": "ab", "CallStatus": "c"})
    other = texml_of(PROGRESS | {"CallSid": "a", "CallStatus": "bc"})
    assert one.event_id != other.event_id


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"&&&",
        b"Body=hi",
        b"CallSid=",
        b'{"data": {"event_type": "call.initiated"}}',
        b"\x00\xff",
        b"&".join(b"a%d=1" % number for number in range(300)) + b"&CallSid=x",
    ],
)
def test_what_is_no_request_is_kept(form: bytes) -> None:
    """A body that is no form of a call is kept as unreadable."""
    event = texml_of(form)
    assert reason(event) == "NOT_TEXML"
    assert event.raw == form
    assert not event.safe_to_ignore
    assert subject(event) == "events.v1.telnyx.unreadable.not_texml"


def test_bytes_that_are_no_text_do_not_stop_a_call() -> None:
    """A field that is not UTF-8 is repaired, NUL included; the form is kept as received."""
    event = texml_of(b"CallSid=v3:a&CallerId=J%FCrgen%00&x%00=1")
    assert event.texml.parameters["CallerId"] == "J\ufffdrgen\ufffd"
    assert event.texml.parameters["x\ufffd"] == "1"
    assert event.raw == b"CallSid=v3:a&CallerId=J%FCrgen%00&x%00=1"


def test_a_count_that_is_none_is_named() -> None:
    """A value that cannot be read is left out of its field and stands in `parameters`."""
    event = texml_of(PROGRESS | {"SequenceNumber": "second"})
    assert list(event.ignored_fields) == ["SequenceNumber"]
    assert not event.texml.HasField("sequence_number")
    assert event.texml.parameters["SequenceNumber"] == "second"


def test_the_form_cannot_set_what_the_gateway_says() -> None:
    """A field named like one of ours is a parameter and nothing else."""
    event = texml_of(REQUEST | {"app": "evil", "kind": "6", "parameters": "x"})
    assert event.texml.app == "front"
    assert event.texml.kind == TexmlKind.TEXML_KIND_INSTRUCTION
