import re

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from chassis import redaction
from tests.support import shoes

NUMBER = "+12025550101"


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        (NUMBER, "+1202***01"),
        (f"from {NUMBER}, to +13125550100.", "from +1202***01, to +1312***00."),
        ("+1 (202) 555-0101", "+1202***01"),
        ("%2B12025550101", "+1202***01"),
        ("sip:+12025550101@pbx.example", "sip:+1202***01@pbx.example"),
        ("+1234567", "+1***67"),
        ("2025550101", "***01"),
        ("(202) 555-0101", "***01"),
        ("1494404757140276705", "1494404757140276705"),
        ("2026-11-21", "2026-11-21"),
        ("2026-11-21T20:00:00+01:00", "2026-11-21T20:00:00+01:00"),
        ("c++ 20", "c++ 20"),
    ],
)
def test_numbers_are_masked_wherever_they_stand(given_text: str, shown: str) -> None:
    """An E.164 number keeps its area and its last two digits, in any text and spelling."""
    assert redaction.text(given_text) == shown


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True), st.text(), st.text())
def test_no_number_survives(number: str, before: str, after: str) -> None:
    """Whatever stands around a number, it is not in the result."""
    assert number not in redaction.text(f"{before} {number} {after}")


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("https://media.example/a/b.jpg?sig=x", "https://media.example/***"),
        ("https://media.example", "https://media.example"),
        ("nats://user:pass@127.0.0.1:4222", "nats://***@127.0.0.1:4222"),
        ("postgresql://a:p@ss@db.example/shop", "postgresql://***@db.example/***"),
        ("postgresql://a:p/w@db.example/shop", "postgresql://***"),
        ("see https://a.example/x, then go", "see https://a.example/*** then go"),
        ("sqlite+aiosqlite:///data/shop.db", "sqlite+aiosqlite:///***"),
    ],
)
def test_urls_keep_their_host_only(given_text: str, shown: str) -> None:
    """Passwords, paths and queries of URLs are hidden, also where a password holds an @ or a /."""
    assert redaction.text(given_text) == shown


@pytest.mark.parametrize(
    "key",
    [
        "Authorization",
        "API-KEY",
        "api_key",
        "body",
        "client_state",
        "code",
        "message_text",
        "otp",
        "page_token",
        "raw",
        "telnyx-signature",
        "text",
        "token",
        "webhook_url",
    ],
)
def test_private_keys_hide_their_value(key: str) -> None:
    """Under a private key nothing is shown, of whatever type."""
    for given_value in ("canary", 471147, ["canary"], {"a": "canary"}, b"canary"):
        shown = str(redaction.value({key: given_value}))
        assert "canary" not in shown
        assert "471147" not in shown


def test_ordinary_keys_show_their_value() -> None:
    """Ids, counts, states and addresses of servers stay readable."""
    line = {"event_id": "e-1", "status_code": 200, "context": "c", "seconds": 0.5, "ok": True}
    line |= {"nats_url": "nats://127.0.0.1:4222", "none": None, "status": "sent"}
    assert redaction.value(line) == line


def test_odd_values_become_plain_data() -> None:
    """Bytes become their length, exceptions their type, sets lists, long texts short."""
    assert redaction.value(b"canary") == "<6 bytes>"
    assert redaction.value(ValueError("canary")) == "ValueError"
    assert redaction.value({NUMBER: {"x"}}) == {"+1202***01": ["x"]}
    assert len(redaction.value("x" * 10_000)) < 1100


@given(st.integers(0, 60))
def test_a_cut_leaves_no_number_in_part(before: int) -> None:
    """A number that straddles the longest length shows no more digits than a masked one."""
    shown = redaction.text("x" * (redaction.LONGEST - before) + "+1 (202) 555-0101" + "x" * 100)
    assert "555" not in shown


def test_a_message_is_redacted_by_its_descriptor() -> None:
    """Every kind of field is shown or hidden by the sensitivity option, not by its name."""
    messages = shoes.messages()
    buyer = messages.Buyer(phone_number=NUMBER, display_name="canary")
    packed = AnyMessage()
    packed.Pack(buyer)
    shoe = messages.Shoe(
        name=f"boot for {NUMBER}",
        buyer=buyer,
        pickers=[buyer],
        numbers=[NUMBER, "canary"],
        pickup_code="canary",
        photo=b"canary",
        closure=messages.CLOSURE_LACES,
        make_time=Timestamp(seconds=0),
        life=Duration(seconds=90),
        attachment=packed,
        prices={"EUR": 5},
        buyers_by_shop={NUMBER: buyer},
        names={NUMBER: "canary"},
    )
    hidden = {"phone_number": "+1202***01", "display_name": "[personal]"}
    assert redaction.redact(shoe) == {
        "name": "boot for +1202***01",
        "buyer": hidden,
        "pickers": ["[personal]"],
        "numbers": ["+1202***01", "[personal]"],
        "pickup_code": "[secret]",
        "photo": "<6 bytes>",
        "closure": "CLOSURE_LACES",
        "make_time": "1970-01-01T00:00:00Z",
        "life": "90s",
        "attachment": {
            "type_url": "type.googleapis.com/shoes.v1.Buyer",
            "value": f"<{len(packed.value)} bytes>",
        },
        "prices": {"EUR": 5},
        "buyers_by_shop": {"+1202***01": hidden},
        "names": "[personal]",
    }
    assert not re.search(r"canary|5550101", str(redaction.redact(shoe)))


def test_only_what_is_set_is_shown() -> None:
    """Fields that are not set do not appear, and an enum value nobody knows is its number."""
    messages = shoes.messages()
    assert redaction.redact(messages.Shoe()) == {}
    assert redaction.redact(messages.Shoe.FromString(b"\x38\x63")) == {"closure": 99}


def test_a_message_inside_a_log_value_is_redacted() -> None:
    """A message may be handed to a logger as it is."""
    shown = redaction.value({"request": shoes.messages().Buyer(display_name="canary")})
    assert shown == {"request": {"display_name": "[personal]"}}
