"""Which bytes are an object that can be read in one way only."""

import pytest

from carrier.normalize.reading import MAX_DEPTH
from tests.support.telnyx_bodies import message
from tests.unit.carrier.normalized import arms, event_of, reason


def nested(levels: int, opening: bytes = b'{"a":', closing: bytes = b"}") -> bytes:
    """Return an object with `levels` levels, itself included."""
    return b'{"data":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "NOT_JSON"),
    "cut off": (message()[:-1], "NOT_JSON"),
    "cut off in a text": (b'{"data":{"event_type":"call.ans', "NOT_JSON"),
    "two documents": (b"{}{}", "NOT_JSON"),
    "a form": (b"MessageSid=SM1&Body=hi", "NOT_JSON"),
    "NaN": (b'{"data": NaN}', "NOT_JSON"),
    "Infinity": (b'{"data": [-Infinity]}', "NOT_JSON"),
    "beyond a float": (b'{"data": 1e999}', "NOT_JSON"),
    "half a surrogate pair": (rb'{"data": "\ud83d"}', "NOT_JSON"),
    "surrogates turned around": (rb'{"data": "\ude00\ud83d"}', "NOT_JSON"),
    "a control character": (b'{"data": "\x00"}', "NOT_JSON"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "NOT_JSON"),
    "Latin-1": ('{"data": "é"}'.encode("latin-1"), "NOT_UTF8"),
    "overlong": (b'{"data": "\xc0\xaf"}', "NOT_UTF8"),
    "UTF-16": ('{"data": 1}'.encode("utf-16"), "NOT_UTF8"),
    "a list": (b"[{}]", "NOT_AN_OBJECT"),
    "a text": (b'"call.initiated"', "NOT_AN_OBJECT"),
    "null": (b"null", "NOT_AN_OBJECT"),
    "a key twice": (b'{"data": 1, "data": 2}', "DUPLICATE_KEY"),
    "a key twice, deep": (b'{"data": {"payload": [{"to": 1, "to": 1}]}}', "DUPLICATE_KEY"),
    "a key twice, spelled twice": (rb'{"data": 1, "d\u0061ta": 2}', "DUPLICATE_KEY"),
    "a level too many": (nested(MAX_DEPTH + 1), "TOO_DEEP"),
    "a list too many": (nested(MAX_DEPTH + 1, b"[", b"]"), "TOO_DEEP"),
    "thousands of levels": (nested(5_000), "TOO_DEEP"),
    "thousands of levels, never closed": (b'{"a":' * 5_000, "TOO_DEEP"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_says_why(name: str) -> None:
    """Each way of being unreadable has its reason, and the body is kept."""
    body, expected = UNREADABLE[name]
    event = event_of(body)
    assert reason(event) == expected
    assert event.unreadable.detail
    assert event.raw == body
    assert event.event_id.startswith("body-")
    assert not event.safe_to_ignore


def test_a_form_says_which_setting_sends_it() -> None:
    """A form in place of JSON comes from a setting an operator can change."""
    assert "webhook_api_version" in event_of(b"MessageSid=SM1&Body=hi").unreadable.detail


READABLE: dict[str, bytes] = {
    "the deepest": nested(MAX_DEPTH),
    "brackets inside a text": b'{"x": "' + b"[{" * 500 + b'"}',
    "wide, not deep": b'{"x": [' + b",".join([b"[]"] * 500) + b"]}",
    "colons inside a text": rb'{"a": "\":\":\":", "b": "::"}',
    "backslashes before a quote": rb'{"a": "\\", "b": "\\\"", "c": "\\\\"}',
    "the same key in two objects": b'{"a": {"x": 1}, "b": {"x": 1}}',
    "keys differing in case": b'{"a": 1, "A": 2}',
    "an empty key": b'{"": 1, " ": 2}',
}


@pytest.mark.parametrize("body", READABLE.values(), ids=READABLE)
def test_what_only_looks_wrong_is_read(body: bytes) -> None:
    """Texts full of brackets, colons and quotes mislead neither bound."""
    assert reason(event_of(body)) == "NO_EVENT_TYPE"


def test_a_nul_is_replaced_where_it_would_be_stored() -> None:
    """PostgreSQL keeps no text with U+0000: the fields have U+FFFD, the body its escape."""
    body = message(text="a\0b", **{"from": "SH\0P"})
    event = event_of(body)
    assert event.message.text == "a\ufffdb"
    assert event.message.from_party.raw == "SH\ufffdP"
    assert rb"a\u0000b" in event.raw
    assert not event.ignored_fields


def test_emoji_and_escapes_are_one_text() -> None:
    """A character is the same written in UTF-8 or as a pair of escapes."""
    body = message(text="PLACE").replace(b"PLACE", rb"\ud83d\ude00 " + "😀".encode())
    assert event_of(body).message.text == "😀 😀"


def test_a_large_body_is_read() -> None:
    """A body with thousands of unknown fields is an ordinary event."""
    event = event_of(message(**{f"extra_{number}": [number] for number in range(5_000)}))
    assert arms(event) == "message.received"
    assert not event.ignored_fields
