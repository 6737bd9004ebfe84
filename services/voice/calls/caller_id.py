"""Telling a caller's number from all the other things that stand in its place. Pure."""

import re

from services.voice.calls.model import E164, Caller, CallerKind

_WORDS = ("anonymous", "blocked", "private", "restricted", "unavailable", "unknown", "withheld")
_ALSO = ("idunavailable", "nocallerid", "nonumber", "notavailable", "outofarea", "privatecaller")
_KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")

WITHHELD_WORDS = frozenset(
    [*_WORDS, *_ALSO, *(f"{word}{noun}" for word in _WORDS for noun in ("number", "caller"))]
)
"""What networks write where a number is withheld, letters only."""

WITHHELD_DIGITS = frozenset(word.translate(_KEYS) for word in _WORDS)
"""The same words as a telephone's keypad spells them: ``+266696687`` is "anonymous".

Some networks fill the number field so; the digits look like a number and belong to nobody.
"""


def caller(raw: str, phone_number: str) -> Caller:
    """Say what a caller's text is.

    ``raw`` is the carrier's text and ``phone_number`` what the normalizer made of it: E.164, or
    empty when it is not a number.
    """
    text = raw.strip() or phone_number
    if not text:
        return Caller()
    if _is_withheld(text):
        return Caller(CallerKind.WITHHELD, "", text)
    if _is_sip(text):
        return Caller(CallerKind.SIP, "", text)
    if E164.fullmatch(phone_number):
        return Caller(CallerKind.NUMBER, phone_number, text)
    return Caller(CallerKind.MALFORMED, "", text)


def _is_sip(text: str) -> bool:
    return "@" in text or text.lower().startswith(("sip:", "sips:"))


def _is_withheld(text: str) -> bool:
    # sip:anonymous@anonymous.invalid withholds too. Source: RFC 3323, section 4.1.1.3.
    name = re.sub(r"^.*?sips?:|@.*$", "", text, flags=re.IGNORECASE | re.DOTALL)
    letters = re.sub(r"[^a-z]", "", name.lower())
    return letters in WITHHELD_WORDS or re.sub(r"[^0-9]", "", text) in WITHHELD_DIGITS
