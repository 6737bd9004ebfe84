"""Misspelled keywords, looked for only where a single word is the whole message."""

import re
from collections.abc import Iterator
from string import ascii_lowercase
from typing import Final

from services.messaging.classifier.tokens import word_set

_KEYWORDS: Final = ("stop", "quit", "cancel", "revoke", "remove", "optout", "stopall")
_LONG_KEYWORDS: Final = ("unsubscribe", "unsuscribe", "desabonner", "desuscribir")
# Words and names one letter away from a keyword.
_REAL_WORDS: Final = word_set(
    "top sop step stow slop shop swop atop strop stomp stope stob stot stoup stoep soop estop "
    "isto crop chop drop prop flop plop sto stor stom post spot tops opts pots quiet quite "
    "suit quip quid quilt quint squit unit quin guit cancer canal camel cane chancel canceler "
    "cancels canceled cancelled evoke invoke provoke revoked revokes revolve remote removes "
    "removed remover remodel remorse move rove qui cance subscribe suscribir suscribe "
    "inscribe subscriber subscribed resubscribe unsubscribed cancelan cancelas stoic stock "
    "store story stone stood stool storm stoke stove"
)
# One letter away from STOP, and also words: a person must say which was meant.
_UNCLEAR_WORDS: Final = word_set(
    "stops stoop stopped stopping stopper quits quitting quitter unsubscribed unsubscribes "
    "cancels cancelled canceled revoked removed sto"
)
_NEIGHBOURS: Final = {
    "s": "adwxz", "t": "ryfg5", "o": "ipkl09", "p": "ol0", "q": "wa1", "u": "yihj7", "i": "uojk8",
    "c": "xvdf", "a": "qwsz", "n": "bmhj", "e": "wrsd3", "l": "kop", "r": "etdf", "v": "cbfg",
    "k": "jlio", "m": "njk", "b": "vngh",
}  # fmt: skip
_RUN: Final = re.compile(r"(.)\1{2,}")
_LEET: Final = str.maketrans("0134578$@!", "oieastbsai")


def plain(word: str) -> str:
    """Return a word without stretched letters and with letters for the digits that mean them."""
    short = _RUN.sub(r"\1", word)
    if short.isalpha() or not any(character.isalpha() for character in short):
        return short
    return short.translate(_LEET)


def is_misspelled_keyword(word: str) -> bool:
    """Say whether a word is a keyword typed badly and nothing else: `stpo`, `unsuscribe`."""
    if word in _SLIPS:
        return True
    # What begins like SUBSCRIBE or RESUBSCRIBE asks for the opposite.
    if not 8 <= len(word) <= 14 or word[0] not in "undio" or word in _OTHER_WORDS:
        return False
    return any(_is_within_two(word, keyword) for keyword in _LONG_KEYWORDS)


def slip_of(word: str) -> str | None:
    """Return the keyword that one slip of the fingers made into the word, or None."""
    return _SLIPS.get(word)


def is_near_keyword(word: str) -> bool:
    """Say whether a word might be a keyword typed badly, or one of its other forms."""
    return word in _UNCLEAR_WORDS or word in _NEAR


def _slips(keyword: str) -> Iterator[str]:
    """Yield what one slip of the fingers makes of a keyword.

    Two letters exchanged, one doubled or left out, or the next key hit.
    """
    for at, letter in enumerate(keyword):
        before, after = keyword[:at], keyword[at + 1 :]
        yield before + letter + letter + after
        if at:
            yield before + after
        if after:
            yield before + after[0] + letter + after[1:]
        for neighbour in _NEIGHBOURS[letter]:
            yield before + neighbour + after


def _near(keyword: str) -> Iterator[str]:
    """Yield every word one letter away from a keyword."""
    for at in range(len(keyword) + 1):
        before, after = keyword[:at], keyword[at:]
        yield before + after[1:]
        for letter in ascii_lowercase:
            yield before + letter + after
            yield before + letter + after[1:]


def _is_within_two(one: str, other: str) -> bool:
    """Say whether at most two letters make the difference; both are short."""
    if abs(len(one) - len(other)) > 2:
        return False
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            cost = before[column - 1] + (letter != wanted)
            current.append(min(before[column] + 1, current[-1] + 1, cost))
        before = current
    return before[-1] <= 2


_OTHER_WORDS: Final = _REAL_WORDS | _UNCLEAR_WORDS
_SLIPS: Final = {
    word: keyword for keyword in _KEYWORDS for word in _slips(keyword) if word not in _OTHER_WORDS
}
_NEAR: Final = frozenset(
    word for keyword in _KEYWORDS for word in _near(keyword) if word not in _OTHER_WORDS
)
