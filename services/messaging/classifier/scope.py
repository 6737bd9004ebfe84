"""How far a STOP reaches."""

from collections.abc import Collection
from typing import Final

from services.messaging.classifier.decision import Scope
from services.messaging.classifier.grammar import Finding
from services.messaging.classifier.tokens import word_set

_EVERYTHING: Final = word_set(
    "stopall optoutall unsubscribeall all everything todo todos tudo tout alles tutto alle"
)
_PLAIN_MEANING: Final = (
    "wrong_party.",
    "phrase.leave_me_alone",
    "phrase.go_away",
    "phrase.off",
    "phrase.get_lost",
    "phrase.lose_my_number",
)
_NAMES_A_KIND: Final = (
    "phrase.stop_messages",
    "phrase.cancel_messages",
    "phrase.no_more",
    "phrase.unsubscribe",
)


def of_words(words: Collection[str]) -> Scope:
    """Return how far keywords reach that stand alone."""
    return Scope.NUMBER if _EVERYTHING.isdisjoint(words) else Scope.ALL_PROGRAMS


def of_finding(finding: Finding) -> tuple[Scope, str]:
    """Return how far a sentence reaches, and the kind of message it names if it names one."""
    if finding.rule_id.startswith(_PLAIN_MEANING):
        return Scope.ALL_PROGRAMS, ""
    if "voice" in finding.classes:
        return Scope.VOICE_AND_TEXT, ""
    if finding.rule_id in _NAMES_A_KIND:
        if "marketing" in finding.classes:
            return Scope.MARKETING, ""
        kinds = [word for word, classes in finding.words if "program" in classes]
        if kinds:
            return Scope.PROGRAM, kinds[0]
    return of_words([word for word, _ in finding.words]), ""
