"""The rules by which a received message is answered automatically.

Pure: the first rule that matches answers, unless a guard objects.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chassis.errors import FieldViolation
from services.messaging.keywords import KeywordClass, classify
from services.messaging.model import Message
from services.messaging.replies import texts
from services.messaging.replies.business_hours import BusinessHours
from services.messaging.replies.guards import (
    Case,
    Facts,
    Guard,
    Mute,
    mute_for,
    objections,
    words_of,
)


@dataclass(frozen=True, slots=True)
class Contains:
    """One of the phrases stands anywhere in the text."""

    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Equals:
    """One of the phrases is the whole text."""

    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutOfHours:
    """The message comes while we are closed."""

    hours: BusinessHours


@dataclass(frozen=True, slots=True)
class FirstContact:
    """The message is the first of the pair."""


_CONSENT = (KeywordClass.STOP, KeywordClass.START, KeywordClass.HELP)

Condition = Contains | Equals | OutOfHours | FirstContact


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When to answer, and with what; no numbers means all of ours."""

    rule_id: str
    condition: Condition
    text: str
    title: str = ""
    enabled: bool = True
    priority: int = 0
    our_numbers: tuple[str, ...] = ()
    create_time: datetime | None = None
    update_time: datetime | None = None

    @property
    def place(self) -> tuple[int, str]:
        """Order rules as they are asked."""
        return self.priority, self.rule_id


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule that matched, everything that objects, in order, and how the pair is muted now."""

    rule: Rule | None
    objections: tuple[Guard, ...] = ()
    mute: Mute | None = None

    @property
    def guard(self) -> Guard | None:
        """Return why a matching rule does not answer, or None."""
        return self.objections[0] if self.rule and self.objections else None

    @property
    def answers(self) -> bool:
        """Say whether the rule answers."""
        return self.rule is not None and not self.objections


def faults(rule: Rule) -> list[FieldViolation]:
    """Return what no request can tell by itself: words of consent, and hours that cannot be."""
    match rule.condition:
        case Contains(phrases) | Equals(phrases):
            told = [_fault_of(phrase) for phrase in phrases]
            return [FieldViolation("rule.condition", each) for each in told if each]
        case OutOfHours(hours):
            return [FieldViolation("rule.out_of_hours", each) for each in hours.faults()]
        case FirstContact():
            return []


def decide(received: Message, rules: Iterable[Rule], facts: Facts) -> Decision:
    """Find the rule that answers, what objects to it, and whether the pair is to be muted."""
    rule = matching(received, rules, facts)
    found = objections(Case(received, facts, rule.rule_id if rule else ""))
    return Decision(rule, found, mute_for(found, facts.now))


def matching(received: Message, rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """Return the first enabled rule for the number that matches, or None."""
    asked = sorted(applying(received.our_number, rules), key=lambda rule: rule.place)
    return next((rule for rule in asked if _matches(rule, received, facts)), None)


def applying(our_number: str, rules: Iterable[Rule]) -> list[Rule]:
    """Return the enabled rules for one of our numbers."""
    return [
        rule
        for rule in rules
        if rule.enabled and (not rule.our_numbers or our_number in rule.our_numbers)
    ]


def closed_since(rule: Rule, now: datetime) -> datetime | None:
    """Return since when an out-of-hours rule answers; None for other rules and when open."""
    condition = rule.condition
    return condition.hours.closed_since(now) if isinstance(condition, OutOfHours) else None


def _fault_of(phrase: str) -> str:
    if not texts.bare(phrase):
        return "a phrase needs a letter or a digit"
    if classify(phrase).keyword_class in _CONSENT:
        return "a phrase is a word that concerns consent, such as STOP or HELP"
    return ""


def _matches(rule: Rule, received: Message, facts: Facts) -> bool:
    match rule.condition:
        case Contains(phrases):
            return texts.contains(words_of(received), phrases)
        case Equals(phrases):
            return texts.equals(words_of(received), phrases)
        case OutOfHours(hours):
            return hours.closed_since(facts.now) is not None
        case FirstContact():
            return facts.is_first
