"""The ordered rules: the first that has something to say decides."""

from collections.abc import Callable
from typing import Final

from services.messaging.classifier import words
from services.messaging.classifier.context import Context
from services.messaging.classifier.decision import Decision, KeywordClass, Sender
from services.messaging.classifier.english import ENGLISH
from services.messaging.classifier.normalization import fold
from services.messaging.classifier.reading import Text, none, read
from services.messaging.classifier.sentences import OTHER_GRAMMARS, instruction, sentences
from services.messaging.classifier.whole_message import (
    SINGLES,
    automatic,
    custom_keyword,
    echo,
    help_keyword,
    keyword_and_filler,
    keyword_and_name,
    line,
    misspelled,
    nothing_said,
    pending_opt_in,
    start_keyword,
    stop_keyword,
    unclear_keyword,
)

_Rules = tuple[Callable[[Text], Decision | None], ...]
_WHOLE_MESSAGE: Final[_Rules] = (
    nothing_said,
    custom_keyword,
    stop_keyword,
    start_keyword,
    pending_opt_in,
    help_keyword,
    unclear_keyword,
)
_REST: Final[_Rules] = (
    line,
    automatic,
    echo,
    keyword_and_name,
    keyword_and_filler,
    misspelled,
    instruction,
    sentences,
)
_PLAIN_TEXT: Final[_Rules] = (automatic, misspelled)
"""What is left to ask of a text without a single word that any other rule looks at."""
_ANY_SIGN: Final = frozenset().union(
    SINGLES, words.HELP, ENGLISH.triggers, *(signs for _, signs in OTHER_GRAMMARS)
)
_NOTHING_ELSE: Final = Context()


def classify(
    text: str | None, *, subject: str | None = None, context: Context = _NOTHING_ELSE
) -> Decision:
    """Say what a text asks for, or the subject where there is no text. Never fails."""
    if context.sender is Sender.OUR_NUMBER:
        return Decision(KeywordClass.NONE, "sender.our_own")
    if context.sender is Sender.NO_REPLY:
        return Decision(KeywordClass.NONE, "sender.not_a_phone_number")
    raw = text or ""
    folded = fold(raw)
    if not folded.strip():
        raw = subject or ""
        folded = fold(raw)
    return _decide(read(raw, folded, context))


def _decide(text: Text) -> Decision:
    for rule in _WHOLE_MESSAGE:
        decision = rule(text)
        if decision is not None:
            return decision
    plain = text.folded.isascii() and text.known.isdisjoint(_ANY_SIGN)
    for rule in _PLAIN_TEXT if plain else _REST:
        decision = rule(text)
        if decision is not None:
            return decision
    return none(text, "none")
