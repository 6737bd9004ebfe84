"""Telling numbers from what stands in their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voice.calls.caller_id import WITHHELD_DIGITS, caller
from services.voice.calls.model import E164, CallerKind


@pytest.mark.parametrize(
    ("raw", "phone_number", "kind"),
    [
        ("", "", CallerKind.UNKNOWN),
        ("   ", "", CallerKind.UNKNOWN),
        ("+13125550101", "+13125550101", CallerKind.NUMBER),
        ("+1-312-555-0101", "+13125550101", CallerKind.NUMBER),
        ("(312) 555-0101", "+13125550101", CallerKind.NUMBER),
        ("", "+13125550101", CallerKind.NUMBER),
        ("anonymous", "", CallerKind.WITHHELD),
        ("Anonymous", "", CallerKind.WITHHELD),
        ("RESTRICTED", "", CallerKind.WITHHELD),
        ("Private Number", "", CallerKind.WITHHELD),
        ("No Caller ID", "", CallerKind.WITHHELD),
        ("unavailable", "", CallerKind.WITHHELD),
        ("unknown caller", "", CallerKind.WITHHELD),
        ("+266696687", "+266696687", CallerKind.WITHHELD),
        ("+7378742833", "+7378742833", CallerKind.WITHHELD),
        ("+86282452253", "+86282452253", CallerKind.WITHHELD),
        ("8656696", "", CallerKind.WITHHELD),
        ("sip:anonymous@anonymous.invalid", "", CallerKind.WITHHELD),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>', "", CallerKind.WITHHELD),
        ("sip:ada@example.com", "", CallerKind.SIP),
        ("SIPS:ada@example.com", "", CallerKind.SIP),
        ("sip:+13125550101@example.com", "+13125550101", CallerKind.SIP),
        ("ada@example.com", "", CallerKind.SIP),
        ("asterisk", "", CallerKind.MALFORMED),
        ("12345", "", CallerKind.MALFORMED),
        ("+12345", "+12345", CallerKind.MALFORMED),
        ("+0123456789", "+0123456789", CallerKind.MALFORMED),
        ("+13125550101; DROP", "", CallerKind.MALFORMED),
        ("\x00\u202e", "", CallerKind.MALFORMED),
    ],
)
def test_kinds(raw: str, phone_number: str, kind: CallerKind) -> None:
    """Every kind of caller id is told from the others, and only a number has a number."""
    seen = caller(raw, phone_number)
    assert seen.kind is kind
    assert bool(seen.phone_number) is (kind is CallerKind.NUMBER)


def test_keypad_spellings() -> None:
    """The digits are those a telephone's keypad writes for the words."""
    assert {"266696687", "7378742833", "8656696", "86282452253", "2562533"} <= WITHHELD_DIGITS


@given(st.text(max_size=64), st.text(max_size=20) | st.just("+13125550101"))
def test_anything_is_told(raw: str, phone_number: str) -> None:
    """No text makes the classification fail, or yields a number that is not E.164."""
    seen = caller(raw, phone_number)
    assert seen.phone_number == "" or E164.fullmatch(seen.phone_number)
