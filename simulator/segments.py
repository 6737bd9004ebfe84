"""How a text is encoded and cut into parts (Telnyx: message encoding)."""

from __future__ import annotations

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("~^|\\{}[]€")

MAX_PARTS = 10


@dataclass(frozen=True)
class Segments:
    """The encoding as webhooks name it, the length in its units, and the number of parts."""

    encoding: str
    units: int
    parts: int


def segments(text: str) -> Segments:
    """Count a text: 160 or 153 GSM-7 characters a part, 70 or 67 UTF-16 units otherwise."""
    if all(character in _BASIC or character in _EXTENDED for character in text):
        units = sum(2 if character in _EXTENDED else 1 for character in text)
        return Segments("GSM-7", units, _parts(units, 160, 153))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return Segments("UCS-2", units, _parts(units, 70, 67))


def _parts(units: int, single: int, joined: int) -> int:
    return 1 if units <= single else -(-units // joined)
