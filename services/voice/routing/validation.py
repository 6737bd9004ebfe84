"""Everything that is wrong with a plan, all at once. Pure.

What a single field may hold is the contract's business; here is what only the whole plan shows.
The promise that a walk ends rests on one fact: the ways that take no time and need no caller form
no circle. A walk of such ways is then never longer than the plan has steps.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta

from chassis.errors import FieldViolation
from services.voice.routing.conditions import (
    DEPTH_LIMIT,
    QueueOpen,
    QueueStaffed,
    QueueWaiting,
    WithinHours,
    depth,
    parts,
)
from services.voice.routing.plan import (
    KINDS,
    Branch,
    CallbackStep,
    EnqueueStep,
    HangUpStep,
    Menu,
    Plan,
    Say,
    Step,
    Target,
    TransferStep,
    VoicemailStep,
    Way,
    conditions_in,
    exits,
)
from services.voice.routing.prompts import Prompt

_ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan must fit into: the queues there are, and the numbers that are ours."""

    queues: AbstractSet[str]
    own_numbers: AbstractSet[str] = frozenset()


def faults(plan: Plan, around: Surroundings, path: str = "plan") -> list[FieldViolation]:
    """Return every fault of a plan, by field below `path`; none means that it can be walked."""
    found = [*_missing_entry(plan, path), *_doubled(plan, path)]
    around = replace(around, own_numbers=around.own_numbers | set(plan.numbers))
    for index, step in enumerate(plan.listed):
        at = f"{path}.steps[{index}]"
        found += _lost_ways(step, plan, at)
        found += _inside(step, f"{at}.{KINDS[type(step)]}", around)
    return [*found, *_unreachable(plan, path), *_circles(plan, path)]


def _missing_entry(plan: Plan, path: str) -> Iterator[FieldViolation]:
    if plan.entry_step_id not in plan.steps:
        yield _fault(f"{path}.entry_step_id", f"names no step: {plan.entry_step_id}")


def _doubled(plan: Plan, path: str) -> Iterator[FieldViolation]:
    seen: set[str] = set()
    for index, step in enumerate(plan.listed):
        if step.step_id in seen:
            yield _fault(f"{path}.steps[{index}].step_id", f"stands twice: {step.step_id}")
        seen.add(step.step_id)


def _lost_ways(step: Step, plan: Plan, at: str) -> Iterator[FieldViolation]:
    for way in exits(step):
        if way.next_step_id and way.next_step_id not in plan.steps:
            kind = KINDS[type(step)]
            yield _fault(f"{at}.{kind}", f"{way.name} leads to no step: {way.next_step_id}")


def _inside(step: Step, at: str, around: Surroundings) -> Iterator[FieldViolation]:
    yield from _conditions(step, at, around)
    match step:
        case Say() | VoicemailStep():
            yield from _prompt(step.prompt, f"{at}.prompt")
        case Menu():
            yield from _menu(step, at)
        case EnqueueStep():
            yield from _enqueue(step, at, around)
        case CallbackStep():
            yield from _prompt(step.prompt, f"{at}.prompt")
            yield from _optional(step.accepted_prompt, f"{at}.accepted_prompt")
            yield from _queue(step.queue_id, f"{at}.queue_id", around)
        case TransferStep():
            yield from _optional(step.prompt, f"{at}.prompt")
            # The call would come in again, be transferred again, and so on for ever.
            if step.to_number in around.own_numbers:
                yield _fault(f"{at}.to_number", "is a number of ours")
        case HangUpStep():
            yield from _optional(step.prompt, f"{at}.prompt")
        case Branch():
            yield from _labels(step, at)


def _conditions(step: Step, at: str, around: Surroundings) -> Iterator[FieldViolation]:
    for field, condition in conditions_in(step):
        here = f"{at}.{field}"
        if depth(condition) > DEPTH_LIMIT:
            yield _fault(here, f"has conditions more than {DEPTH_LIMIT} deep in one another")
        for where, part in parts(condition, here):
            if isinstance(part, WithinHours):
                yield from part.hours.faults(f"{where}.within_hours")
            if isinstance(part, QueueOpen | QueueStaffed | QueueWaiting):
                yield from _queue(part.queue_id, where, around)


def _labels(step: Branch, at: str) -> Iterator[FieldViolation]:
    """Find labels that stand twice: a branch must tell its ways apart to explain itself."""
    seen = {"otherwise"}
    for index, case in enumerate(step.cases):
        label = case.label or case.next_step_id
        if case.label and label in seen:
            yield _fault(f"{at}.cases[{index}].label", f"stands twice: {label}")
        seen.add(label)


def _prompt(prompt: Prompt, at: str) -> Iterator[FieldViolation]:
    if prompt.is_empty:
        yield _fault(at, "needs a text or an audio_url")
    seen: set[str] = set()
    for index, variant in enumerate(prompt.variants):
        here = f"{at}.variants[{index}]"
        if not variant.text and not variant.audio_url:
            yield _fault(here, "needs a text or an audio_url")
        if variant.language.lower() in seen:
            yield _fault(f"{here}.language", f"stands twice: {variant.language}")
        seen.add(variant.language.lower())


def _optional(prompt: Prompt | None, at: str) -> Iterator[FieldViolation]:
    if prompt is not None:
        yield from _prompt(prompt, at)


def _menu(step: Menu, at: str) -> Iterator[FieldViolation]:
    yield from _prompt(step.prompt, f"{at}.prompt")
    yield from _optional(step.retry_prompt, f"{at}.retry_prompt")
    keys: set[str] = {"0"} if step.human_step_id else set()
    phrases: set[str] = set()
    for index, option in enumerate(step.options):
        here = f"{at}.options[{index}]"
        if option.digits in keys:
            yield _fault(f"{here}.digits", f"can be chosen twice: {option.digits}")
        keys.add(option.digits)
        for each in option.phrases:
            if each.casefold() in phrases:
                yield _fault(f"{here}.phrases", f"can be chosen twice: {each}")
            phrases.add(each.casefold())


def _enqueue(step: EnqueueStep, at: str, around: Surroundings) -> Iterator[FieldViolation]:
    yield from _queue(step.queue_id, f"{at}.queue_id", around)
    before = _ZERO
    for index, target in enumerate(step.targets):
        here = f"{at}.targets[{index}]"
        if target.after <= before:
            yield _fault(f"{here}.after", "must be later than the target before")
        if step.max_wait is not None and target.after >= step.max_wait:
            yield _fault(f"{here}.after", "must be before max_wait")
        if target.queue_id:
            yield from _queue(target.queue_id, f"{here}.queue_id", around)
        if not _changes_something(target):
            yield _fault(here, "changes neither the queue nor the skills")
        before = max(before, target.after)


def _changes_something(target: Target) -> bool:
    return bool(target.queue_id) or target.skills is not None


def _queue(queue_id: str, at: str, around: Surroundings) -> Iterator[FieldViolation]:
    if queue_id not in around.queues:
        yield _fault(at, f"names no queue: {queue_id}")


def _unreachable(plan: Plan, path: str) -> Iterator[FieldViolation]:
    reached = {plan.entry_step_id, *_reached(plan.entry_step_id, _ways(plan, set(Way)))}
    for index, step in enumerate(plan.listed):
        if step.step_id not in reached:
            yield _fault(f"{path}.steps[{index}]", f"cannot be reached: {step.step_id}")


def _circles(plan: Plan, path: str) -> Iterator[FieldViolation]:
    ways = _ways(plan, {Way.AUTOMATIC})
    told: set[frozenset[str]] = set()
    for index, step in enumerate(plan.listed):
        circle = _way_back(step.step_id, ways)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            shown = " -> ".join([step.step_id, *circle])
            words = "goes round without waiting and without asking the caller"
            yield _fault(f"{path}.steps[{index}]", f"{words}: {shown}")


def _ways(plan: Plan, wanted: AbstractSet[Way]) -> Mapping[str, Sequence[str]]:
    """Return where ways of some kinds lead from each step; steps that stand twice have both's."""
    found: dict[str, list[str]] = {}
    for step in plan.listed:
        ways = [way.next_step_id for way in exits(step) if way.way in wanted and way.next_step_id]
        found.setdefault(step.step_id, []).extend(ways)
    return found


def _reached(start: str, ways: Mapping[str, Sequence[str]]) -> set[str]:
    """Return every step that can be come to from a step, itself only if there is a way back."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for step_id in ways.get(waiting.pop(), ()):
            if step_id not in reached:
                reached.add(step_id)
                waiting.append(step_id)
    return reached


def _way_back(start: str, ways: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the shortest way from a step to itself, without its beginning; empty for none."""
    paths = {start: list[str]()}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        for step_id in ways.get(here, ()):
            if step_id == start:
                return [*paths[here], start]
            if step_id not in paths:
                paths[step_id] = [*paths[here], step_id]
                waiting.append(step_id)
    return []


def _fault(field: str, description: str) -> FieldViolation:
    return FieldViolation(field, description)
