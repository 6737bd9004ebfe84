"""Misspelled keywords, looked for only where a single word is the whole message."""

import re
from typing import Final

_KEYWORDS: Final = ("stop", "quit", "cancel", "revoke", "remove", "optout", "stopall")
_LONG_KEYWORDS: Final = ("unsubscribe", "unsuscribe", "desabonner", "desuscribir")
# Words and names one letter away from a keyword.
_REAL_WORDS: Final = frozenset(
    ["top", "sop", "step", "stow", "slop", "shop", "swop", "atop", "strop", "stomp", "stope", "stob", "stot", "stoup", "stoep", "soop", "estop", "isto", "crop", "chop", "drop", "prop", "flop", "plop", "sto", "stor", "stom", "post", "spot", "tops", "opts", "pots", "quiet", "quite", "suit", "quip", "quid", "quilt", "quint", "squit", "unit", "quin", "guit", "cancer", "canal", "camel", "cane", "chancel", "canceler", "cancels", "canceled", "cancelled", "evoke", "invoke", "provoke", "revoked", "revokes", "revolve", "remote", "removes", "removed", "remover", "remodel", "remorse", "move", "rove", "qui", "cance", "subscribe", "suscribir", "suscribe", "inscribe", "subscriber", "subscribed", "resubscribe", "unsubscribed", "cancelan", "cancelas", "stoic", "stock", "store", "story", "stone", "stood", "stool", "storm", "stoke", "stove"]
)
# One letter away from STOP, and also words: a person must say which was meant.
_UNCLEAR_WORDS: Final = frozenset(
    ["stops", "stoop", "stopped", "stopping", "stopper", "quits", "quitting", "quitter", "unsubscribed", "unsubscribes", "cancels", "cancelled", "canceled", "revoked", "removed", "sto"]
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
    if word in _REAL_WORDS or word in _UNCLEAR_WORDS or not 3 <= len(word) <= 14:
        return False
    if any(_slips(word, keyword) for keyword in _KEYWORDS):
        return True
    # What begins like SUBSCRIBE or RESUBSCRIBE asks for the opposite.
    long = len(word) >= 8 and word[0] in "undio"
    return long and any(_distance(word, each, 2) <= 2 for each in _LONG_KEYWORDS)


def is_near_keyword(word: str) -> bool:
    """Say whether a word might be a keyword typed badly, or one of its other forms."""
    if word in _UNCLEAR_WORDS:
        return True
    if word in _REAL_WORDS or not 4 <= len(word) <= 8:
        return False
    return any(_distance(word, keyword, 1) <= 1 for keyword in _KEYWORDS)


def _slips(word: str, keyword: str) -> bool:
    """Say whether one slip of the fingers makes the keyword into the word.

    Two letters exchanged, one doubled or left out, or the next key hit.
    """
    if len(word) == len(keyword):
        differ = [at for at in range(len(word)) if word[at] != keyword[at]]
        if len(differ) == 1:
            at = differ[0]
            return word[at] in _NEIGHBOURS.get(keyword[at], "")
        return len(differ) == 2 and differ[1] == differ[0] + 1 and _crossed(word, keyword, differ[0])
    if len(word) == len(keyword) + 1:
        return any(word == keyword[:at] + keyword[at] + keyword[at:] for at in range(len(keyword)))
    if len(word) == len(keyword) - 1:
        return any(word == keyword[:at] + keyword[at + 1 :] for at in range(1, len(keyword)))
    return False


def _crossed(word: str, keyword: str, at: int) -> bool:
    return word[at] == keyword[at + 1] and word[at + 1] == keyword[at]


def _distance(one: str, other: str, limit: int) -> int:
    """Return how many letters must change, or more than the limit; both are short."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            cost = before[column - 1] + (letter != wanted)
            current.append(min(before[column] + 1, current[-1] + 1, cost))
        before = current
    return before[-1]
