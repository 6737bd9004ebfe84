"""A text as the rules look at it, and the decisions they make about it."""

import re
from dataclasses import dataclass
from typing import Final

from services.messaging.classifier import spelling, words
from services.messaging.classifier.context import Context
from services.messaging.classifier.decision import Decision, KeywordClass, Scope
from services.messaging.classifier.english import ENGLISH
from services.messaging.classifier.speech import spoken
from services.messaging.classifier.tokens import spelled, tokens, word_set
from services.messaging.classifier.tokens import words as words_of

_SINGLE_LETTERS: Final = frozenset("bcdefghjklmnopqrstvwxyz")
_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")
_TALK_OF_MESSAGES: Final = word_set(
    "text texts texting message messages messaging sms me contacting calling sending txt txting"
)
_GLUED: Final = re.compile(
    r"\bstop(please|pls|plz|thanks|thx|now|texting|txting|messaging|calling|sending|messages?"
    r"|texts?|txts?|sms|spam|already|asap)\b"
)
"""STOP typed without the space after it."""
_LEET: Final = re.compile("[a-z][013457][a-z]")


@dataclass(slots=True)
class Text:
    """A text and the forms of it that rules look at."""

    raw: str
    folded: str
    tokens: list[str]
    words: list[str]
    known: frozenset[str]
    key: str
    context: Context
    reacted: bool


def read(raw: str, folded: str, context: Context) -> Text:
    """Cut a folded text into what was said and its words, with what is typed badly put right."""
    said, reacted = spoken(folded)
    if _STRETCHED.search(said):
        said = _STRETCHED.sub(r"\1", said)
    if "stop" in said:
        said = _GLUED.sub(r"stop \1", said)
    found = tokens(said)
    known = frozenset(found)
    if len(known & _SINGLE_LETTERS) > 1:
        said = spelled(said, words.SPELLED_OUT)
        found = tokens(said)
        known = frozenset(found)
    if "un" in said or _LEET.search(said):
        corrected = {token: _corrected(token) for token in known}
        found = [corrected[token] for token in found]
        known = frozenset(found)
    slips = _slips_corrected(known)
    if slips:
        found = [slips.get(token, token) for token in found]
        known = frozenset(found)
    spoken_words = words_of(found)
    return Text(raw, said, found, spoken_words, known, " ".join(spoken_words), context, reacted)


def _corrected(token: str) -> str:
    if token in ENGLISH.vocabulary:
        return token
    if not token.isalpha() and token.isalnum():
        plain = spelling.plain(token)
        return plain if plain in ENGLISH.triggers else token
    if token.startswith("un") and spelling.is_misspelled_keyword(token):
        return "unsubscribe"
    return token


def _slips_corrected(known: frozenset[str]) -> dict[str, str]:
    """Return the keywords for words that are typed badly beside talk of messages."""
    if known.isdisjoint(_TALK_OF_MESSAGES):
        return {}
    strange = known - ENGLISH.vocabulary
    return {token: word for token in strange if (word := spelling.slip_of(token)) is not None}


def none(text: Text, rule_id: str) -> Decision:
    """Return that a text asks for nothing."""
    return Decision(KeywordClass.NONE, rule_id, normalized=text.key)


def unclear(text: Text, rule_id: str) -> Decision:
    """Return that a person must read a text."""
    return Decision(KeywordClass.AMBIGUOUS, rule_id, normalized=text.key)


def stop(text: Text, rule_id: str, reach: Scope = Scope.NUMBER, program: str = "") -> Decision:
    """Return that a text opts out, and how far."""
    return Decision(KeywordClass.STOP, rule_id, reach, program, normalized=text.key)


def start(text: Text, rule_id: str) -> Decision:
    """Return that a text opts in."""
    return Decision(KeywordClass.START, rule_id, Scope.NUMBER, normalized=text.key)
