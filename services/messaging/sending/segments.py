"""How a text is written on the air and cut into parts. Pure.

3GPP TS 23.038 names the alphabet, TS 23.040 the header of a part of several, which takes six octets
of the 140: 160 septets become 153, 70 UTF-16 code units 67 (Telnyx: message encoding).
"""

from dataclasses import dataclass
from enum import StrEnum

MAX_PARTS = 10
"""Telnyx refuses more with error 40302 (Telnyx: message encoding)."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_MOST_SHOWN = 20


class Encoding(StrEnum):
    """How a text is written on the air."""

    UNSPECIFIED = "unspecified"
    """Nothing is written: there is no text."""
    GSM7 = "gsm7"
    UCS2 = "ucs2"


_SIZES = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Estimate:
    """How a text will be cut into parts."""

    encoding: Encoding = Encoding.UNSPECIFIED
    parts: int = 0
    units: int = 0
    """Septets with the escapes of the extension, or UTF-16 code units."""
    units_per_part: int = 0
    costly_characters: tuple[str, ...] = ()
    """The first characters that are not in GSM-7, each once."""


def estimate(text: str) -> Estimate:
    """Return how a text will be cut into parts."""
    if not text:
        return Estimate()
    encoding = encoding_of(text)
    alone, of_several = _SIZES[encoding]
    units = sum(_width(character, encoding) for character in text)
    parts = 1 if units <= alone else len(split(text))
    costly = dict.fromkeys(character for character in text if not _is_gsm7(character))
    return Estimate(
        encoding,
        parts,
        units,
        alone if parts == 1 else of_several,
        tuple(costly)[:_MOST_SHOWN],
    )


def encoding_of(text: str) -> Encoding:
    """Return GSM7 when every character is in its alphabet or extension, else UCS2."""
    return Encoding.GSM7 if all(map(_is_gsm7, text)) else Encoding.UCS2


def split(text: str) -> list[str]:
    """Cut a text into the parts it is sent in.

    Neither an escape and the character it begins, nor the two halves of a surrogate pair, are put
    into different parts: a part may be one unit short for it.
    """
    encoding = encoding_of(text)
    alone, of_several = _SIZES[encoding]
    widths = [_width(character, encoding) for character in text]
    if sum(widths) <= alone:
        return [text] if text else []
    parts, start, used = [], 0, 0
    for index, width in enumerate(widths):
        if used + width > of_several:
            parts.append(text[start:index])
            start, used = index, 0
        used += width
    return [*parts, text[start:]]


def _is_gsm7(character: str) -> bool:
    return character in _BASIC or character in _EXTENSION


def _width(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in _EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1
