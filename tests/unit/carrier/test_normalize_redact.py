"""What never leaves the gateway's memory."""

import orjson
import pytest

from carrier.normalize.redact import SECRET_KEYS, may_hold_secrets
from tests.support.telnyx_bodies import VERIFICATION, call, message, verification, webhook
from tests.unit.carrier.normalized import arms, event_of, reason, texml_of

CODE = "48213"


def test_a_verification_code_is_blanked() -> None:
    """The code is in no part of the event; everything else of the body stands."""
    body = verification(custom_code=CODE)
    event = event_of(body)
    assert arms(event) == "verification.delivered"
    assert CODE.encode() not in event.SerializeToString()
    expected = orjson.loads(body)
    expected["data"]["payload"]["custom_code"] = ""
    assert orjson.loads(event.raw) == expected
    assert event.verification.timeout.seconds == 300


def test_a_code_as_a_number_is_blanked() -> None:
    """The type of a secret does not matter."""
    assert CODE.encode() not in event_of(verification(custom_code=int(CODE))).SerializeToString()


@pytest.mark.parametrize("key", sorted(SECRET_KEYS))
@pytest.mark.parametrize("type_", ["call.payment.progress", "call.payment.completed", "new.kind"])
def test_what_a_caller_types_in_to_pay_is_blanked(key: str, type_: str) -> None:
    """Card and account numbers are blanked in every event, at any depth."""
    event = event_of(call(type_, **{key: "4111-secret", "more": [{key: {"x": "4111-secret"}}]}))
    assert b"4111-secret" not in event.SerializeToString()
    assert orjson.loads(event.raw)["data"]["payload"][key] == ""


def test_a_body_without_secrets_is_kept_byte_by_byte() -> None:
    """Nothing is written anew when there is nothing to blank, not even spaces."""
    for body in (
        message().replace(b":", b" : "),
        verification(custom_code=None),
        message(text="my custom_code is \u2028 here"),
    ):
        assert event_of(body).raw == body


def test_no_secret_key_is_overlooked() -> None:
    """The cheap look at the bytes finds every key, and most bodies have nothing it finds."""
    assert all(may_hold_secrets(b'{"%s": 1}' % key.encode()) for key in SECRET_KEYS)
    assert not may_hold_secrets(message())
    assert not may_hold_secrets(call())


def test_an_escaped_key_is_a_key() -> None:
    """A key spelled with escapes is the same key."""
    body = verification().replace(b'"custom_code"', rb'"custom\u005fcode"')
    assert CODE.encode() not in event_of(body).SerializeToString()


UNREADABLE = {
    "cut off behind it": b'{"data": {"custom_code": "48213", "x": ',
    "cut off inside it": b'{"data": {"custom_code": "48213',
    "cut off inside an escape": b'{"data": {"custom_code": "48213\\',
    "a number": b'{"custom_code" : 48213, "x": NaN}',
    "a number at the end": b'{"custom_code":48213',
    "a list": b'{"custom_code": ["x", "48213"], "x": NaN}',
    "an object": b'{"custom_code": {"x": 1, "y": "48213"}, "x": NaN}',
    "twice": b'{"custom_code": "1", "custom_code": "48213"}',
    "escaped quotes": rb'{"custom_code": "a\"48213", "x": NaN}',
    "escaped key": rb'{"custom\u005Fcode": "48213", "x": NaN}',
    "not UTF-8": b'{"custom_code": "48213", "x": "\xff"}',
    "a list around it": b'[{"custom_code": "48213"}]',
    "too deep": b'{"a":' * 50 + b'{"custom_code": "48213"}' + b"}" * 50,
    "no type": b'{"custom_code": "48213"}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_nobody_can_read_keeps_no_code(body: bytes) -> None:
    """A secret is blanked in the bytes when they are no object."""
    event = event_of(body)
    assert reason(event)
    assert b"48213" not in event.SerializeToString()
    assert b"code" in event.raw


def test_two_codes_do_not_differ_in_the_id() -> None:
    """A hash over a short code would give the code away."""
    payloads = (VERIFICATION | {"custom_code": code} for code in ("1", "2"))
    one, other = (event_of(webhook("verify.sent", payload, id=None)) for payload in payloads)
    assert one.event_id == other.event_id
    bodies = (b'{"custom_code": "%d"' % code for code in (1, 2))
    assert len({event_of(body).event_id for body in bodies}) == 1


def test_a_payment_by_texml_is_blanked() -> None:
    """The form fields of a payment have the same names in the other spelling."""
    form = b"CallSid=v3:a&PaymentCardNumber=4111-secret&Security%43ode=4111-secret&Result=success"
    event = texml_of(form)
    assert event.raw == b"CallSid=v3:a&PaymentCardNumber=&Security%43ode=&Result=success"
    assert b"4111" not in event.SerializeToString()
    assert b"4111" not in texml_of(b"PaymentCardNumber=4111-secret").SerializeToString()
