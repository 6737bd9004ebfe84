"""What a text asks for: to stop, to start again, to be helped, or nothing of the kind.

Only a message that is nothing but a keyword counts; a keyword inside a sentence does not ("stop by
at five", "restart the router"). The words are those that 47 CFR 64.1200(a)(10) makes revocations
per se, with the ones Telnyx acts on (Telnyx: advanced opt-in/out management).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

LIST_VERSION = "1"
"""Changes whenever a word or a rule does, so that every decision can be explained later."""


class KeywordClass(StrEnum):
    """What a text asks for."""

    NONE = "none"
    STOP = "stop"
    START = "start"
    HELP = "help"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Classification:
    """What a text asks for, and which rule of which list said so."""

    keyword_class: KeywordClass
    rule_id: str
    list_version: str = LIST_VERSION
    scope: str = ""
    """How far it reaches, in the classifier's words; empty leaves it to the number written to."""
    program: str = ""
    """The program the text names, if it names one."""

    @property
    def is_keyword(self) -> bool:
        """Say whether the text asks for something that concerns consent."""
        return self.keyword_class is not KeywordClass.NONE


_WORDS = {
    KeywordClass.STOP: (
        "stop",
        "stopall",
        "stop all",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "opt out",
    ),
    KeywordClass.START: ("start", "unstop"),
    KeywordClass.HELP: ("help", "info"),
}
_CLASS_OF = {word: kind for kind, words in _WORDS.items() for word in words}

_YES = frozenset({"yes", "y", "yes please", "ok", "yep", "yeah"})

_NOTHING = Classification(KeywordClass.NONE, "none")

OUR_OWN_SENDER = Classification(KeywordClass.NONE, "sender.our_own")
"""Not read at all: one of our own numbers wrote it."""
NO_PHONE_NUMBER = Classification(KeywordClass.NONE, "sender.not_a_phone_number")
"""Not read at all: a short code or an alphanumeric sender wrote it, a machine."""


def classify(
    text: str | None, subject: str = "", *, pending_opt_in: bool = False
) -> Classification:
    """Say what a text asks for; where it is absent or blank, the subject speaks for it.

    `pending_opt_in` says that a question is open that YES would answer.
    """
    spoken = text if text and not text.isspace() else subject
    if pending_opt_in and normalized(spoken) in _YES:
        return Classification(KeywordClass.START, "pending_opt_in.yes")
    kind = _CLASS_OF.get(normalized(spoken))
    return _NOTHING if kind is None else Classification(kind, f"whole_message.{kind}")


def normalized(text: str) -> str:
    """Return the text as keywords are compared: no case, no width, no decoration around it.

    Hyphens between words count as spaces ("opt-out"). Punctuation, symbols and emoji are dropped
    around the text and kept inside it, where they make it something else than a keyword.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    spoken = "".join(_plain(character) for character in folded)
    return " ".join(_undecorated(spoken).split())


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" or "\ufe00" <= character <= "\ufe0f":
        return ""  # zero-width and direction marks, byte order marks, variation selectors
    return " " if category == "Pd" else character


def _undecorated(text: str) -> str:
    places = range(len(text))
    first = next((at for at in places if text[at].isalnum()), len(text))
    last = next((at for at in reversed(places) if text[at].isalnum()), -1)
    return text[first : last + 1]
