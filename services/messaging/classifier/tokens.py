"""Cut a folded text into words and marks."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_TOKEN: Final = re.compile(
    r"[^\W_]+|[.!?;:\n\u2026\u3002]+|[,\"()\u3001#]|--+|(?<=\s)-+(?=\s)"
    "|[\U0001f6d1\U0001f6ab\u270b\u26d4\U0001f515\U0001f595\U0001f645"
    "\U0001f602\U0001f923\U0001f606\U0001f639\U0001f61d\U0001f61c]"
)
_ASCII_TOKEN: Final = re.compile(r"[a-z0-9]+|[.!?;:\n]+|[,\"()#]|--+|(?<=\s)-+(?=\s)")
_ELISION: Final = re.compile(r"\b([cdjlmnst]|qu)'(?=\w\w)")
_MONEY_AND_AT: Final = re.compile(r"[$@](?=[a-z])")
_CENSORED: Final = re.compile(r"\bf[*#@$!]{1,3}(?:c?k)?(?=ing\b|in\b|\b|\s|$)")
_PAIRS: Final = {
    "do not": "dont",
    "don t": "dont",
    "did not": "didnt",
    "didn t": "didnt",
    "does not": "doesnt",
    "can not": "cannot",
    "can t": "cant",
    "won t": "wont",
    "will not": "wont",
    "would not": "wouldnt",
    "should not": "shouldnt",
    "have not": "havent",
    "has not": "hasnt",
    "had not": "hadnt",
    "no longer": "nolonger",
    "not longer": "nolonger",
    "any more": "anymore",
    "any longer": "anymore",
    "opt out": "optout",
    "opting out": "optingout",
    "opted out": "optedout",
    "opts out": "optout",
    "opt in": "optin",
    "st op": "stop",
    "s top": "stop",
    "sto p": "stop",
    "un subscribe": "unsubscribe",
    "un subscribed": "unsubscribed",
    "un sub": "unsub",
    "right now": "rightnow",
    "at once": "atonce",
    "for now": "fornow",
    "e mail": "email",
    "e mails": "emails",
    "thank you": "thankyou",
    "thank u": "thankyou",
    "non stop": "nonstop",
    "no one": "nobody",
    "never mind": "nevermind",
}
_SECOND: Final[dict[str, dict[str, str]]] = {}
for _pair, _word in _PAIRS.items():
    _first, _, _next = _pair.partition(" ")
    _SECOND.setdefault(_first, {})[_next] = _word
_FIRST: Final = frozenset(_SECOND)
_SPELLED: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:[\W_]{1,3}[^\W\d_]){2,15}(?![^\W_])")


def tokens(folded: str) -> list[str]:
    """Return the words, the marks that divide sentences, and the few symbols that say something."""
    if "'" in folded:
        folded = _ELISION.sub(r"\1 ", folded).replace("'", "")
    if "$" in folded or "@" in folded:
        folded = _MONEY_AND_AT.sub(_letter, folded)
    if "f" in folded and ("*" in folded or "#" in folded or "!" in folded or "@" in folded):
        folded = _CENSORED.sub("fuck", folded)
    found: list[str] = (_ASCII_TOKEN if folded.isascii() else _TOKEN).findall(folded)
    return found if _FIRST.isdisjoint(found) else _paired(found)


def words(found: Iterable[str]) -> list[str]:
    """Return the words among the tokens."""
    return [token for token in found if token[0].isalnum()]


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list divided by spaces."""
    return frozenset(text.split())


def key(text: str) -> str:
    """Return a folded text as whole messages are compared: its words, one space between."""
    return " ".join(words(tokens(text)))


def spelled(folded: str, known: frozenset[str]) -> str:
    """Return the text with words that are spelled letter by letter put together, if known."""

    def joined(match: re.Match[str]) -> str:
        word = "".join(letter for letter in match[0] if letter.isalpha())
        return word if word in known else match[0]

    return _SPELLED.sub(joined, folded)


def _letter(match: re.Match[str]) -> str:
    return "s" if match[0] == "$" else "a"


def _paired(found: Sequence[str]) -> list[str]:
    result: list[str] = []
    for token in found:
        word = _SECOND[result[-1]].get(token) if result and result[-1] in _FIRST else None
        if word is None:
            result.append(token)
        else:
            result[-1] = word
    return result
