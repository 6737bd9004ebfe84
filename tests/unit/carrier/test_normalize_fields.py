"""How single values are read, whatever type the carrier wrote them in."""

from typing import Any

import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from switchhook.event.v1.call_life_event_pb2 import DequeueReason, HangupCause, HangupSource
from switchhook.event.v1.message_event_pb2 import AutoresponseType
from switchhook.event.v1.party_pb2 import Direction, Party

from carrier.normalize.webhook import MAX_IGNORED
from tests.support.telnyx_bodies import CALLER, OURS, call, fax, message, verification, webhook
from tests.unit.carrier.normalized import event_of


def test_a_message_is_read_field_by_field() -> None:
    """Every field of an ordinary message has its value."""
    found = event_of(message(wait_seconds=1.25, num_chars=24)).message
    assert found.message_id == "0b4c9a52-2f7e-4a3e-8d3b-1f6f9a1c2d01"
    assert (found.direction, found.raw_direction) == (Direction.DIRECTION_INBOUND, "inbound")
    assert (found.raw_type, found.encoding, found.parts) == ("SMS", "GSM-7", 1)
    assert found.from_party.phone_number == CALLER
    assert found.from_party.line_type == "Wireless"
    assert [party.phone_number for party in found.to_parties] == [OURS]
    assert found.to_parties[0].status == "webhook_delivered"
    assert found.text == "Is the shop open today?"
    assert (found.cost.amount, found.cost.currency) == ("0.0051", "USD")
    assert found.receive_time.ToJsonString() == "2026-03-01T12:30:45.100Z"
    assert found.wait.ToJsonString() == "1.250s"
    assert not found.HasField("subject")
    assert not found.HasField("send_time")


PARTIES: list[tuple[object, Party]] = [
    (CALLER, Party(raw=CALLER, phone_number=CALLER)),
    ("+1-202-555-0133", Party(raw="+1-202-555-0133", phone_number="+12025550133")),
    (" +1 (202) 555 0133 ", Party(raw=" +1 (202) 555 0133 ", phone_number="+12025550133")),
    ("12025550133", Party(raw="12025550133", phone_number="+12025550133")),
    (12025550133, Party(raw="12025550133", phone_number="+12025550133")),
    ("tel:+12025550133", Party(raw="tel:+12025550133", phone_number="+12025550133")),
    ("2025550133", Party(raw="2025550133")),
    ("+12", Party(raw="+12")),
    ("+1202555013312345678", Party(raw="+1202555013312345678")),
    ("40404", Party(raw="40404")),
    ("anonymous", Party(raw="anonymous")),
    ("SHOP", Party(raw="SHOP")),
    ("sip:a@example.com", Party(raw="sip:a@example.com", sip_uri="sip:a@example.com")),
    (
        '"Ada" <sip:a@example.com>',
        Party(raw='"Ada" <sip:a@example.com>', sip_uri="sip:a@example.com", display_name="Ada"),
    ),
    ({"agent_id": "agent-1", "name": "Shop"}, Party(raw="agent-1", display_name="Shop")),
    ({"phone_number": None, "status": "sent"}, Party(status="sent")),
]


@pytest.mark.parametrize(("written", "expected"), PARTIES)
def test_a_party_is_read_from_text_or_object(written: object, expected: Party) -> None:
    """A party is the same message, alone or in a list of one."""
    found = event_of(message(**{"from": written, "to": written, "cc": [written, None]})).message
    assert found.from_party == expected
    assert list(found.to_parties) == [expected]
    assert list(found.cc_parties) == [expected]
    assert event_of(message(**{"from": [written]})).message.from_party == expected


@pytest.mark.parametrize("written", [[], ["a", "b"], True, [[]], {"phone_number": {}}])
def test_a_party_nobody_can_read_is_named(written: object) -> None:
    """Two senders, a truth value or a list of lists is no sender."""
    event = event_of(message(**{"from": written}))
    assert event.message.from_party.phone_number == ""
    assert event.ignored_fields[0].startswith("payload.from")


WORDS: list[tuple[str, str, object, int]] = [
    ("call.hangup", "hangup_cause", "normal_clearing", HangupCause.HANGUP_CAUSE_NORMAL_CLEARING),
    ("call.hangup", "hangup_cause", "Normal-Clearing", HangupCause.HANGUP_CAUSE_NORMAL_CLEARING),
    ("call.hangup", "hangup_cause", "solar_flare", HangupCause.HANGUP_CAUSE_UNSPECIFIED),
    ("call.hangup", "hangup_source", "unknown", HangupSource.HANGUP_SOURCE_UNSPECIFIED),
    (
        "call.dequeued",
        "reason",
        "bridging-in-process",
        DequeueReason.DEQUEUE_REASON_BRIDGING_IN_PROCESS,
    ),
    ("call.initiated", "direction", "incoming", Direction.DIRECTION_INBOUND),
    ("call.initiated", "direction", "outgoing", Direction.DIRECTION_OUTBOUND),
    ("call.initiated", "direction", "OUTBOUND", Direction.DIRECTION_OUTBOUND),
    ("call.initiated", "direction", "sideways", Direction.DIRECTION_UNSPECIFIED),
]


@pytest.mark.parametrize(("type_", "key", "word", "expected"), WORDS)
def test_a_word_is_matched_and_kept(type_: str, key: str, word: str, expected: int) -> None:
    """The carrier's word becomes a value when it is one, and stands beside it in any case."""
    event = event_of(call(type_, **{key: word}))
    detail = getattr(event.call, event.call.WhichOneof("detail") or "")
    assert getattr(detail, key) == expected
    assert getattr(detail, f"raw_{key}") == word
    assert not event.ignored_fields


def test_a_word_that_is_none_is_named_once() -> None:
    """An object in place of a word is left out, though two fields read it."""
    event = event_of(call(direction={}))
    assert event.call.initiated.raw_direction == ""
    assert list(event.ignored_fields) == ["payload.direction"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("STOP", AutoresponseType.AUTORESPONSE_TYPE_STOP),
        ("start", AutoresponseType.AUTORESPONSE_TYPE_START),
        (None, AutoresponseType.AUTORESPONSE_TYPE_UNSPECIFIED),
    ],
)
def test_the_carrier_s_own_answer_is_known(word: str | None, expected: int) -> None:
    """A keyword the carrier answered is marked."""
    assert event_of(message(autoresponse_type=word)).message.autoresponse_type == expected


@pytest.mark.parametrize(
    "digits", ["1684641123236054199", "18446744073709551616", "12345678901234567890123", "0"]
)
def test_an_id_keeps_every_digit(digits: str) -> None:
    """An id written as a number has the digits the carrier wrote, at any length."""
    event = event_of(call(connection_id="DIGITS").replace(b'"DIGITS"', digits.encode()))
    assert event.call.connection_id == digits


MONEY: list[tuple[bytes, str]] = [
    (b'{"amount": "0.0051", "currency": "USD"}', "0.0051 USD"),
    (b'{"amount": 0.0051, "currency": "USD"}', "0.0051 USD"),
    (b'{"amount": 0.10}', "0.10 "),
    (b"0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827 "),
    (b"5.1e-3", "0.0051 "),
    (b'"1E2"', "100 "),
    (b"-2", "-2 "),
    (b'"12"', "12 "),
]


@pytest.mark.parametrize(("written", "expected"), MONEY)
def test_money_is_never_rounded(written: bytes, expected: str) -> None:
    """An amount has the digits the carrier wrote, in plain notation."""
    event = event_of(message(cost="COST").replace(b'"COST"', written))
    assert f"{event.message.cost.amount} {event.message.cost.currency}" == expected
    assert not event.ignored_fields


@pytest.mark.parametrize(
    ("written", "ignored"),
    [
        ("free", "payload.cost"),
        (True, "payload.cost"),
        ([], "payload.cost"),
        ({"amount": "1,50"}, "payload.cost.amount"),
        ({"amount": "NaN", "currency": "USD"}, "payload.cost.amount"),
    ],
)
def test_money_that_is_none_is_named(written: object, ignored: str) -> None:
    """An amount that is no decimal number is left out."""
    event = event_of(message(cost=written))
    assert event.message.cost.amount == ""
    assert list(event.ignored_fields) == [ignored]


@pytest.mark.parametrize(
    ("key", "written", "expected"),
    [
        ("page_count", "3", 3),
        ("page_count", 3.0, 3),
        ("page_count", 0, 0),
        ("partial_content", "true", True),
        ("partial_content", 1, True),
        ("partial_content", "no", False),
    ],
)
def test_numbers_and_truths_may_be_text(key: str, written: object, expected: object) -> None:
    """A number or a truth value is read from text too; zero is not absence."""
    event = event_of(fax(**{key: written}))
    assert getattr(event.fax, key) == expected
    assert event.fax.HasField("page_count")
    assert not event.ignored_fields


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("page_count", True),
        ("page_count", "three"),
        ("page_count", 2**31),
        ("page_count", 1.5),
        ("page_count", "٣"),
        ("partial_content", "perhaps"),
        ("partial_content", 2),
        ("call_duration_secs", -1),
        ("call_duration_secs", "long"),
        ("call_duration_secs", 10**12),
        ("status", {}),
        ("status", []),
        ("status", False),
    ],
)
def test_a_value_of_another_kind_is_left_out_and_named(key: str, written: object) -> None:
    """What nobody can read is on record, and the rest of the event stands."""
    event = event_of(fax(**{key: written}))
    assert list(event.ignored_fields) == [f"payload.{key}"]
    assert event.fax.fax_id == "3a2b6c1e-0000-4000-8000-000000000003"
    assert written in orjson.loads(event.raw)["data"]["payload"].values()


def test_a_length_of_zero_is_present() -> None:
    """No seconds differ from no answer."""
    assert event_of(fax(call_duration_secs=0)).fax.HasField("call_duration")
    assert not event_of(fax(call_duration_secs=None)).fax.HasField("call_duration")
    assert not event_of(fax(call_duration_secs="")).fax.HasField("call_duration")


def test_an_empty_text_differs_from_none() -> None:
    """An MMS may have an empty text, no text, or a text."""
    assert event_of(message(text="")).message.HasField("text")
    assert not event_of(message(text=None)).message.HasField("text")
    assert not event_of(message(subject="")).message.HasField("subject")


def test_lists_of_objects_keep_what_can_be_read() -> None:
    """One bad item does not cost the others."""
    media: list[Any] = [
        {"url": "https://example.com/a", "size": "10", "sha256": "aa"},
        {"url": "https://example.com/b", "size": {}, "hash_sha256": "bb"},
        "nonsense",
        None,
    ]
    event = event_of(message(media=media))
    assert [(item.url[-1], item.sha256) for item in event.message.media] == [
        ("a", "aa"),
        ("b", "bb"),
    ]
    assert event.message.media[0].size_bytes == 10
    assert list(event.ignored_fields) == ["payload.media.1.size", "payload.media.2"]


def test_error_codes_are_text_in_either_type() -> None:
    """Some of the carrier's schemas say string, some integer."""
    event = event_of(message("message.finalized", errors=[{"code": 40300}, {"code": "40300"}]))
    assert [error.code for error in event.message.errors] == ["40300", "40300"]


def test_free_forms_become_structures() -> None:
    """An object of any shape is kept; a plain text stands under `text`."""
    results = [
        {"insight_id": "a", "result": {"score": 1.5, "words": ["x", None, True], "deep": {"n": 3}}},
        {"insight_id": "b", "result": "fine"},
        {"insight_id": "c", "result": 7},
        {"insight_id": "d", "result": {str(number): 1 for number in range(3000)}},
    ]
    event = event_of(webhook("call.conversation_insights.generated", {"results": results}))
    found = event.call.insights_generated.results
    assert MessageToDict(found[0].result) == {
        "score": 1.5,
        "words": ["x", None, True],
        "deep": {"n": 3},
    }
    assert MessageToDict(found[1].result) == {"text": "fine"}
    assert list(event.ignored_fields) == ["payload.results.2.result", "payload.results.3.result"]


def test_the_first_key_with_a_value_counts() -> None:
    """A field with several keys takes the first that says something."""
    keys = {"profile_id": None, "verify_profile_id": "p-2"}
    assert event_of(verification(**keys)).verification.profile_id == "p-2"
    both = {"profile_id": "p-1", "verify_profile_id": "p-2"}
    assert event_of(verification(**both)).verification.profile_id == "p-1"


def test_the_list_of_ignored_fields_is_bounded() -> None:
    """A body broken everywhere names its first fifty bad fields."""
    event = event_of(message(tags=[{}] * 200))
    assert len(event.ignored_fields) == MAX_IGNORED
    assert event.ignored_fields[0] == "payload.tags.0"
