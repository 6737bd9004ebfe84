"""How texts are cut into parts, against a splitter that works on the encoded units."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.messaging.sending.segments import Encoding, Estimate, encoding_of, estimate, split

# 3GPP TS 23.038, table of the default alphabet by code, with the escape at 0x1B left out.
_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_ESCAPE = 0x1B

gsm7 = st.text(st.sampled_from(sorted((set(_TABLE) - {"\x1b"}) | set(_ESCAPED))), max_size=700)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
astral = st.text(st.sampled_from("a👍é€😀"), min_size=1, max_size=300)


def septets(text: str) -> list[int] | None:
    """Return the codes of a text in GSM-7, or None when it has none."""
    codes: list[int] = []
    for character in text:
        if character in _ESCAPED:
            codes += [_ESCAPE, _ESCAPED[character]]
        elif character in _TABLE and character != "\x1b":
            codes.append(_TABLE.index(character))
        else:
            return None
    return codes


def chunks(units: list[int], alone: int, of_several: int, leads: range) -> list[list[int]]:
    """Cut units greedily, taking one back when a part would end with the first of a pair."""
    if len(units) <= alone:
        return [units] if units else []
    parts = []
    while units:
        end = min(of_several, len(units))
        if end < len(units) and units[end - 1] in leads:
            end -= 1
        parts.append(units[:end])
        units = units[end:]
    return parts


def by_force(text: str) -> tuple[Encoding, list[list[int]]]:
    """Encode a text first and cut its units then."""
    codes = septets(text)
    if codes is not None:
        return Encoding.GSM7, chunks(codes, 160, 153, range(_ESCAPE, _ESCAPE + 1))
    raw = text.encode("utf-16-be")
    units = [int.from_bytes(raw[index : index + 2], "big") for index in range(0, len(raw), 2)]
    return Encoding.UCS2, chunks(units, 70, 67, range(0xD800, 0xDC00))


@settings(max_examples=300, deadline=None)
@given(gsm7 | anything | astral)
def test_parts_are_those_of_the_encoded_units(text: str) -> None:
    """Encoding, units, parts and where they are cut agree with the cut through the units."""
    encoding, parts = by_force(text)
    found = estimate(text)
    assert found.parts == len(parts)
    assert found.units == sum(map(len, parts))
    if text:
        assert found.encoding is encoding
        assert [len(by_force_units(part, encoding)) for part in split(text)] == list(
            map(len, parts)
        )


def by_force_units(part: str, encoding: Encoding) -> list[int]:
    """Return the units of one part, all of which are written in the encoding of the whole."""
    if encoding is Encoding.GSM7:
        return septets(part) or []
    return list(range(len(part.encode("utf-16-be")) // 2))


@settings(max_examples=100, deadline=None)
@given(gsm7 | anything | astral)
def test_the_parts_are_the_text(text: str) -> None:
    """Nothing is lost, nothing is added, and no part is empty."""
    assert "".join(split(text)) == text
    assert all(split(text))


@pytest.mark.parametrize(
    ("text", "encoding", "parts", "units"),
    [
        ("", Encoding.UNSPECIFIED, 0, 0),
        ("a" * 160, Encoding.GSM7, 1, 160),
        ("a" * 161, Encoding.GSM7, 2, 161),
        ("a" * 306, Encoding.GSM7, 2, 306),
        ("a" * 307, Encoding.GSM7, 3, 307),
        ("€" * 80, Encoding.GSM7, 1, 160),
        # An escape does not stand at the end of a part: 152 and 152, not 153 and 151.
        ("€" * 152, Encoding.GSM7, 2, 304),
        ("€" * 153, Encoding.GSM7, 3, 306),
        ("a" * 1530, Encoding.GSM7, 10, 1530),
        ("a" * 1531, Encoding.GSM7, 11, 1531),
        ("ж" * 70, Encoding.UCS2, 1, 70),
        ("ж" * 71, Encoding.UCS2, 2, 71),
        ("👍" * 35, Encoding.UCS2, 1, 70),
        ("👍" * 36, Encoding.UCS2, 2, 72),
        ("👍" * 67, Encoding.UCS2, 3, 134),
        ("ж" * 670, Encoding.UCS2, 10, 670),
        ("`", Encoding.UCS2, 1, 1),
        ("ç", Encoding.UCS2, 1, 1),
        ("Ç", Encoding.GSM7, 1, 1),
    ],
)
def test_the_edges(text: str, encoding: Encoding, parts: int, units: int) -> None:
    """One unit more than a part holds makes another part."""
    found = estimate(text)
    assert (found.encoding, found.parts, found.units) == (encoding, parts, units)


def test_what_made_it_costly_is_named_once() -> None:
    """The characters outside GSM-7 are told, in their order; curly quotes are the usual ones."""
    found = estimate("“hi” — “you”")
    assert found == Estimate(Encoding.UCS2, 1, 12, 70, ("“", "”", "—"))
    assert encoding_of("hi") is Encoding.GSM7
