"""Bring a text into the form in which words are compared.

The result is lower case, without diacritics, width, styled letters, zero-width and direction marks.
It is for comparison only; the text itself stays the evidence.
"""

import re
import unicodedata
from typing import Final

_REMEMBERED: Final = 8192
"""How many characters are remembered once folded; the rest is folded anew each time."""

_LONGEST: Final = 4
"""How many letters of a ligature are kept, so that no text grows much by being folded."""
# Letters that look like small capitals and have no compatibility mapping of their own.
_SMALL_CAPITALS: Final = dict(
    zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢıłøđð", "abcdefghijklmnopqrstuvwyzilodd", strict=True)
)
_STYLED_ALPHABETS: Final = (0x1F150, 0x1F170, 0x1F1E6)
"""Where negative circled, negative squared and regional indicator letters begin."""
_STRAIGHT: Final = dict.fromkeys("‘’‚‛`´′ʼʹ", "'") | dict.fromkeys("“”„‟«»″〝〞「」『』", '"')
# Written alike: the letters of a foreign alphabet that make up a word one reads as a Latin one.
_LOOK_ALIKES: Final = str.maketrans(
    "авекмнорстухѕіјьԁԛԝһɡαβεικνορτυχηγζμϲ", "abekmhopctyxsijbdqwhgabeiknoptuxnyzmc"
)
_FOREIGN: Final = "\u0261\u0370-\u03ff\u0400-\u052f"  # Greek and Cyrillic
_FOREIGN_WORD: Final = re.compile(rf"[{_FOREIGN}]+")
_MIXED_WORD: Final = re.compile(rf"(?<=[a-z])[{_FOREIGN}]+|[{_FOREIGN}]+(?=[a-z])")
_REAL_FOREIGN: Final = re.compile(r"[бгджзийлпфцчшщъыэюяδθλξπσςφψω]")
_CONJOINING: Final = re.compile("[\u1100-\u11ff]+")


class _Folding(dict[int, str]):
    """The folded form of each character, made when it is first seen."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


def fold(text: str) -> str:
    """Return the text as it is compared. Linear in its length; never fails."""
    if text.isascii():
        return text.lower()
    folded = _CONJOINING.sub(_syllables, text).translate(_FOLDING)
    if folded.isascii():
        return folded
    if _REAL_FOREIGN.search(folded):  # written in that alphabet: only words that mix two are odd
        return _MIXED_WORD.sub(_latin, folded)
    return _FOREIGN_WORD.sub(_latin, folded)


def strict(text: str) -> str:
    """Return the text as the carrier would compare it: only case, width and invisible marks go."""
    kept = (character for character in text if unicodedata.category(character) not in _INVISIBLE)
    return unicodedata.normalize("NFKC", "".join(kept)).casefold()


_INVISIBLE: Final = ("Cf", "Cs")


def _latin(match: re.Match[str]) -> str:
    """Read a word of look-alikes as the Latin word it seems to be."""
    return match[0].translate(_LOOK_ALIKES)


def _syllables(match: re.Match[str]) -> str:
    """Put Korean together that came letter by letter, as some phones send it."""
    return unicodedata.normalize("NFC", match[0])


def _folded(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Cn", "Co") or "\ufe00" <= character <= "\ufe0f":
        return ""
    if character in "\n\r\u2028\u2029\x0b\x0c\x85":
        return "\n"
    if category in ("Zs", "Cc"):
        return " "
    if category == "Pd":
        return "-"
    if character in _STRAIGHT:
        return _STRAIGHT[character]
    for first in _STYLED_ALPHABETS:
        if first <= ord(character) < first + 26:
            return chr(ord("a") + ord(character) - first)
    if "가" <= character <= "힣":
        return character
    return _without_marks(character)


def _without_marks(character: str) -> str:
    apart = unicodedata.normalize("NFKD", character).casefold()
    apart = unicodedata.normalize("NFKD", apart)
    bare = "".join(each for each in apart if not unicodedata.category(each).startswith("M"))
    plain = "".join(_SMALL_CAPITALS.get(each, each) for each in bare[:_LONGEST])
    return unicodedata.normalize("NFKC", plain)


_FOLDING: Final = _Folding()
