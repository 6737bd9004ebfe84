"""Deciding by what is known: which way, how far forward, what an agent must be able to do. Pure.

Every function here answers for every input and says why; asked again it answers the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from services.voice.routing.conditions import (
    AbandonedWithin,
    AllOf,
    AnyOf,
    Attestation,
    AttestedAtLeast,
    CalledNumberIs,
    CallerIdNameContains,
    CallerIs,
    CallerKindIs,
    Condition,
    Group,
    LanguageIs,
    NoneOf,
    NumberBegins,
    PreviousOutcomeIs,
    QueueOpen,
    QueueStaffed,
    QueueWaiting,
    ScreeningIs,
    TierIs,
    Trait,
    WithinHours,
)
from services.voice.routing.inputs import Inputs, InputState, Name, queue_input
from services.voice.routing.plan import Boost, Branch, EnqueueStep, SkillNeed, Target
from services.voice.routing.prompts import speaks

P = TypeVar("P", Boost, SkillNeed)

TextTest = (
    CallerKindIs
    | LanguageIs
    | TierIs
    | PreviousOutcomeIs
    | ScreeningIs
    | CallerIdNameContains
    | NumberBegins
    | CalledNumberIs
)

_REASON_LIMIT = 1000  # characters; a reason is read by people
_TRAITS = {
    Trait.VIP: Name.VIP,
    Trait.KNOWN: Name.KNOWN,
    Trait.ESCALATED_CASE: Name.ESCALATED_CASE,
    Trait.HAS_OWNER: Name.OWNER_AGENT,
    Trait.RETURNING: Name.LAST_AGENT,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds, and why."""

    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Considered:
    """One option of a decision, taken or not, with the reason and what it scored."""

    option: str
    accepted: bool
    reason: str
    scores: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The way a branch goes; an empty next step ends the call."""

    next_step_id: str
    exit: str
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller waits: what is given ahead, and what the agent must be able to do."""

    boosts: tuple[tuple[str, timedelta], ...]
    skills: tuple[tuple[str, int], ...]
    considered: tuple[Considered, ...]


def choose(step: Branch, inputs: Inputs, now: datetime) -> Choice:
    """Return the first way of a branch whose condition holds, with every way that was weighed."""
    considered = []
    for case in step.cases:
        verdict = judge(case.when, inputs, now)
        label = case.label or case.next_step_id
        considered.append(Considered(label, verdict.holds, verdict.why))
        if verdict.holds:
            return Choice(case.next_step_id, label, tuple(considered))
    considered.append(Considered("otherwise", True, "no case before it holds"))
    return Choice(step.otherwise_step_id, "otherwise", tuple(considered))


def standing(step: EnqueueStep, inputs: Inputs, now: datetime) -> Standing:
    """Return how a caller waits at a step."""
    boosts, weighed = _held(step.boosts, lambda each: f"boost {each.label}", inputs, now)
    skills, needed = required(step.skills, inputs, now)
    given = tuple((each.label, each.length) for each in boosts)
    return Standing(given, skills, (*weighed, *needed))


def required(
    needs: Sequence[SkillNeed], inputs: Inputs, now: datetime
) -> tuple[tuple[tuple[str, int], ...], tuple[Considered, ...]]:
    """Return the skills that are needed, each at its highest level, and why."""
    held, considered = _held(needs, lambda each: f"skill {each.skill}:{each.level}", inputs, now)
    levels: dict[str, int] = {}
    for need in held:
        levels[need.skill] = max(need.level, levels.get(need.skill, 0))
    return tuple(sorted(levels.items())), considered


def applies(target: Target, inputs: Inputs, now: datetime) -> Verdict:
    """Say whether a target that is due is taken, and why."""
    if target.when is None:
        return Verdict(True, "it needs no condition")
    return judge(target.when, inputs, now)


def judge(condition: Condition, inputs: Inputs, now: datetime) -> Verdict:
    """Say whether a condition holds, and why, in words that repeat what it looked at."""
    match condition:
        case AllOf() | AnyOf() | NoneOf():
            return _group(condition, inputs, now)
        case WithinHours(hours):
            state = hours.state(now)
            return Verdict(state.is_open, f"the hours say {_worded(state.status, state.reason)}")
        case QueueOpen() | QueueStaffed() | QueueWaiting():
            return _queue(condition, inputs)
        case CallerIs(trait):
            return _trait(trait, inputs)
        case AbandonedWithin(limit):
            return _abandoned(limit, inputs)
        case AttestedAtLeast(level):
            known = inputs.text(Name.ATTESTATION)
            return Verdict(_level(known) >= level, f"the verified attestation is {_shown(known)}")
        case _:
            return _text(condition, inputs)


def _held(
    parts: Iterable[P], named: Callable[[P], str], inputs: Inputs, now: datetime
) -> tuple[Sequence[P], tuple[Considered, ...]]:
    held, considered = [], []
    for part in parts:
        verdict = judge(part.when, inputs, now) if part.when else Verdict(True, "always")
        considered.append(Considered(named(part), verdict.holds, verdict.why))
        if verdict.holds:
            held.append(part)
    return held, tuple(considered)


def _group(group: Group, inputs: Inputs, now: datetime) -> Verdict:
    """Test until the result is certain: at the first that fails, or the first that holds."""
    whys = []
    decisive = not isinstance(group, AllOf)
    for each in group.conditions:
        verdict = judge(each, inputs, now)
        if verdict.holds is decisive:
            return Verdict(isinstance(group, AnyOf), verdict.why)
        whys.append(verdict.why)
    return Verdict(not isinstance(group, AnyOf), ", ".join(whys)[:_REASON_LIMIT])


def _trait(trait: Trait, inputs: Inputs) -> Verdict:
    if trait is Trait.PROVEN:
        shown = _shown(inputs.text(Name.ATTESTATION))
        return Verdict(inputs.is_proven, f"the verified attestation is {shown}")
    name = _TRAITS[trait]
    holds = inputs.flag(name) or bool(inputs.text(name))
    return Verdict(holds, f"{_state(name, inputs)} {'yes' if holds else 'no'}")


def _abandoned(limit: timedelta, inputs: Inputs) -> Verdict:
    ago = inputs.span(Name.ABANDONED)
    if ago is None:
        return Verdict(False, f"{_state(Name.ABANDONED, inputs)} never")
    return Verdict(ago <= limit, f"the number gave up waiting {ago.total_seconds():.0f} s ago")


def _queue(condition: QueueOpen | QueueStaffed | QueueWaiting, inputs: Inputs) -> Verdict:
    match condition:
        case QueueOpen(queue_id):
            status = inputs.text(queue_input(queue_id, "status"))
            return Verdict(inputs.is_open(queue_id), f"{queue_id} is {_worded(status)}")
        case QueueStaffed(queue_id, least):
            staffed = inputs.count(queue_input(queue_id, "staffed"))
            return Verdict(staffed >= least, f"{queue_id} has {staffed} agents logged in")
        case QueueWaiting(queue_id, least):
            waiting = inputs.count(queue_input(queue_id, "waiting"))
            return Verdict(waiting >= least, f"{queue_id} has {waiting} callers waiting")


def _text(condition: TextTest, inputs: Inputs) -> Verdict:
    """Test the words of one input."""
    name, holds = _reading(condition, inputs)
    return Verdict(holds, f"{_state(name, inputs)} {_shown(inputs.text(name))}")


def _reading(condition: TextTest, inputs: Inputs) -> tuple[Name, bool]:
    text = inputs.text
    match condition:
        case CallerKindIs(kind):
            return Name.CALLER_KIND, text(Name.CALLER_KIND) == kind
        case LanguageIs(language):
            return Name.LANGUAGE, speaks(text(Name.LANGUAGE), language)
        case TierIs(tier):
            return Name.TIER, text(Name.TIER).casefold() == tier.casefold()
        case PreviousOutcomeIs(outcome):
            return Name.PREVIOUS_OUTCOME, text(Name.PREVIOUS_OUTCOME) == outcome
        case ScreeningIs(result):
            known = text(Name.SCREENING_RESULT).casefold()
            return Name.SCREENING_RESULT, known == result.casefold()
        case CallerIdNameContains(words):
            known = text(Name.CALLER_ID_NAME).casefold()
            return Name.CALLER_ID_NAME, words.casefold() in known
        case NumberBegins(prefix):
            return Name.CALLER_NUMBER, text(Name.CALLER_NUMBER).startswith(prefix)
        case CalledNumberIs(number):
            return Name.CALLED_NUMBER, text(Name.CALLED_NUMBER) == number


def _state(name: Name, inputs: Inputs) -> str:
    """Return an input's name, with what went wrong when it was asked for."""
    known = inputs.by_name.get(name)
    failed = known is not None and known.state in (InputState.LATE, InputState.FAILED)
    return f"{name} ({known.state.lower()}) is" if known and failed else f"{name} is"


def _level(letter: str) -> Attestation:
    return Attestation[letter] if letter in Attestation.__members__ else Attestation.NONE


def _worded(status: str, reason: str = "") -> str:
    words = status.lower().replace("_", " ") or "not known, which counts as open"
    return f"{words} ({reason})" if reason else words


def _shown(text: str) -> str:
    return f'"{text}"' if text else "not known"
