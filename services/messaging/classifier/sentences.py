"""Rules for sentences: what the grammars find, and what is left over."""

import re
from typing import Final

from services.messaging.classifier import machines, scope, unspaced, words
from services.messaging.classifier.decision import Decision, KeywordClass
from services.messaging.classifier.english import ENGLISH
from services.messaging.classifier.french import FRENCH
from services.messaging.classifier.german import GERMAN
from services.messaging.classifier.grammar import Finding, Outcome
from services.messaging.classifier.italian import ITALIAN
from services.messaging.classifier.portuguese import PORTUGUESE
from services.messaging.classifier.reading import Text, none, read, stop, unclear
from services.messaging.classifier.russian import RUSSIAN
from services.messaging.classifier.spanish import SPANISH
from services.messaging.classifier.speech import LINK
from services.messaging.classifier.tokens import tokens, word_set
from services.messaging.classifier.tokens import words as words_of
from services.messaging.classifier.whole_message import FEW_WORDS

_ALSO_ENGLISH: Final = word_set("quite retire plus nerve tire promos para pare son sale")
OTHER_GRAMMARS: Final = tuple(
    (grammar, grammar.triggers - ENGLISH.vocabulary - _ALSO_ENGLISH)
    for grammar in (SPANISH, FRENCH, PORTUGUESE, GERMAN, ITALIAN, RUSSIAN)
)
"""The grammars, each with the words that show that a text is in its language."""
_VERY_FEW_WORDS: Final = 3


def instruction(text: Text) -> Decision | None:
    """Read a text around an instruction such as our own messages hold."""
    if not machines.instructs(text.folded, text.known):
        return None
    around = machines.without_instructions(text.folded)
    if not machines.speaks_of_itself(around):
        if len(words_of(tokens(around))) <= _VERY_FEW_WORDS:
            return unclear(text, "unclear.instruction")
        return none(text, "bot.instruction")
    decision = sentences(read(text.raw, around, text.context))
    if decision is not None and decision.klass is KeywordClass.STOP:
        return decision
    return unclear(text, "unclear.instruction")


def sentences(text: Text) -> Decision | None:
    """Read the sentences of a text by the grammar of each language it may be in."""
    found = _foreign(text)
    if found is not None and found.klass is KeywordClass.STOP:
        return found
    if text.known.isdisjoint(ENGLISH.triggers):
        return found
    finding, tags = ENGLISH.read(text.tokens)
    if finding is not None and finding.outcome is Outcome.STOP:
        return _of_finding(text, finding)
    complaint = found.rule_id if found else finding.rule_id if finding else ""
    if complaint in _COMPLAINTS and (_ALONE.search(tags) or _CLOSING.search(tags)):
        return _of_finding(text, Finding("combined.stop", Outcome.STOP, ()))
    return found or (_of_finding(text, finding) if finding else _left_over(text, tags))


_COMPLAINTS: Final = frozenset(
    f"unclear.{reason}"
    for reason in (
        *("complaint", "refusal", "no_messages", "keep_contacting", "too_many", "never_agreed"),
        *("not_interested", "block", "wrong_party", "not_my_number", "off_list", "remove"),
        *(
            "not_wanted",
            "no_thanks",
            "consent",
            "why_me",
            "unsubscribe",
            "do_not_contact",
            "enough",
        ),
    )
)
"""What makes a STOP beside it clear: `Stop. I hate these texts.`"""


def _foreign(text: Text) -> Decision | None:
    held: Decision | None = None
    for grammar, signs in OTHER_GRAMMARS:
        if text.known.isdisjoint(signs):
            continue
        finding, _ = grammar.read(text.tokens)
        if finding is not None and finding.outcome is Outcome.STOP:
            return _of_finding(text, finding)
        if finding is not None:
            held = held or _of_finding(text, finding)
    if text.folded.isascii():
        return held
    match unspaced.read(text.folded):
        case (rule_id, Outcome.STOP):
            return stop(text, rule_id)
        case (rule_id, _):
            return held or unclear(text, rule_id)
    return held


def _of_finding(text: Text, finding: Finding) -> Decision:
    if finding.outcome is not Outcome.STOP:
        return unclear(text, finding.rule_id)
    if not text.known.isdisjoint(words.LAUGHTER):
        return unclear(text, "unclear.banter")
    if finding.rule_id == "phrase.unsubscribe" and LINK.strip() in text.known:
        return unclear(text, "unclear.link")
    reach, program = scope.of_finding(finding)
    return stop(text, finding.rule_id, reach, program)


_STRONG: Final = ENGLISH.pattern("stop")
_CLOSING: Final = ENGLISH.pattern(
    "stop (soft|swear){0,2} end | start soft{0,2} stop (?= i | not | no | do_not)"
)
_ALONE: Final = ENGLISH.pattern("start soft{0,2} stop (soft|swear|these|it){0,2} (end|pause)")
_FIRST: Final = ENGLISH.pattern("stop")
_ENDING: Final = ENGLISH.pattern("(please|to) soft? stop (please|now|thanks|it|these){0,2} end")
_MESSAGES: Final = ENGLISH.pattern("(message|one_message|contacting)")
_WEAK: Final = ENGLISH.pattern("weak")
_UNKNOWN: Final = ENGLISH.pattern("(unknown|digits|doing)")
_OTHER_PERSON: Final = re.compile(
    r"\b(?:[Tt]his is not|[Tt]his isn.t|[Tt]here is no|I.?m not) [A-Z][a-z]+\b"
)
_SHOUTED: Final = re.compile(r"\b(?:STOP|UNSUBSCRIBE|QUIT)\b")


def _left_over(text: Text, tags: str) -> Decision | None:
    if _STRONG.search(tags):
        short = len(text.words) <= FEW_WORDS
        telling = (_ALONE, _ENDING, _MESSAGES)
        if short or _FIRST.match(tags) or any(each.search(tags) for each in telling):
            return unclear(text, "unclear.strong_word")
        if _SHOUTED.search(text.raw) and not text.raw.isupper():
            return unclear(text, "unclear.strong_word")
    if _OTHER_PERSON.search(text.raw):
        return unclear(text, "unclear.other_person")
    if len(text.words) <= _VERY_FEW_WORDS and _WEAK.search(tags) and not _UNKNOWN.search(tags):
        return unclear(text, "unclear.weak_word")
    return None
