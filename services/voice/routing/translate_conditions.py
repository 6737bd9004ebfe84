"""Conditions between the contract and the model."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from switchhook.voice.v1 import caller_pb2
from switchhook.voice.v1 import routing_condition_pb2 as pb

from chassis import times
from chassis.errors import FieldViolation
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
    PreviousOutcome,
    PreviousOutcomeIs,
    QueueOpen,
    QueueStaffed,
    QueueWaiting,
    ScreeningIs,
    TierIs,
    Trait,
    WithinHours,
)
from services.voice.routing.translate_hours import hours_out, read_hours

Faults = list[FieldViolation]

M = TypeVar("M")
V = TypeVar("V", bound=int)

_GROUPS: Mapping[str, type[Group]] = MappingProxyType(
    {"all_of": AllOf, "any_of": AnyOf, "none_of": NoneOf}
)
_TRAITS = {each: pb.CallerTrait.Value(f"CALLER_TRAIT_{each.name}") for each in Trait}
_KINDS = {name.removeprefix("CALLER_KIND_"): value for name, value in caller_pb2.CallerKind.items()}
_OUTCOMES = {
    each: pb.PreviousOutcome.Value(f"PREVIOUS_OUTCOME_{each.name}") for each in PreviousOutcome
}
_LEVELS: dict[Attestation, pb.AttestationLevel.ValueType] = {
    each: pb.AttestationLevel.Value(f"ATTESTATION_LEVEL_{each.name}")
    for each in Attestation
    if each is not Attestation.NONE
}


def read_condition(asked: pb.RoutingCondition, path: str, faults: Faults) -> Condition:
    """Return the condition a request holds at `path`, and add what is wrong to `faults`."""
    kind = asked.WhichOneof("test") or ""
    if kind in _GROUPS:
        group: pb.RoutingConditionList = getattr(asked, kind)
        within = f"{path}.{kind}.conditions"
        inner = (
            read_condition(each, f"{within}[{index}]", faults)
            for index, each in enumerate(group.conditions)
        )
        return _GROUPS[kind](tuple(inner))
    if kind == "within_hours":
        return WithinHours(read_hours(asked.within_hours, f"{path}.within_hours", faults))
    return _read_queue(asked) or _read_coded(asked) or _WORDS[kind](getattr(asked, kind))


def condition_out(known: Condition) -> pb.RoutingCondition:
    """Return a condition as the contract shows it."""
    match known:
        case AllOf():
            return pb.RoutingCondition(all_of=_list_out(known))
        case AnyOf():
            return pb.RoutingCondition(any_of=_list_out(known))
        case NoneOf():
            return pb.RoutingCondition(none_of=_list_out(known))
        case WithinHours(hours):
            return pb.RoutingCondition(within_hours=hours_out(hours))
        case QueueOpen(queue_id):
            return pb.RoutingCondition(queue_open=queue_id)
        case QueueStaffed(queue_id, least):
            staffed = pb.QueueStaffed(queue_id=queue_id, min_agents=least)
            return pb.RoutingCondition(queue_staffed=staffed)
        case QueueWaiting(queue_id, least):
            waiting = pb.QueueWaiting(queue_id=queue_id, min_callers=least)
            return pb.RoutingCondition(queue_waiting=waiting)
        case _:
            return _coded_out(known)


_WORDS: Mapping[str, Callable[[str], Condition]] = MappingProxyType(
    {
        "language": LanguageIs,
        "tier": TierIs,
        "screening_result": ScreeningIs,
        "caller_id_name_contains": CallerIdNameContains,
        "caller_number_prefix": NumberBegins,
        "called_number": CalledNumberIs,
    }
)
"""The conditions that are one text, by their field."""


def _read_queue(asked: pb.RoutingCondition) -> Condition | None:
    match asked.WhichOneof("test"):
        case "queue_open":
            return QueueOpen(asked.queue_open)
        case "queue_staffed":
            return QueueStaffed(asked.queue_staffed.queue_id, asked.queue_staffed.min_agents or 1)
        case "queue_waiting":
            return QueueWaiting(asked.queue_waiting.queue_id, asked.queue_waiting.min_callers or 1)
        case _:
            return None


def _read_coded(asked: pb.RoutingCondition) -> Condition | None:
    match asked.WhichOneof("test"):
        case "caller_trait":
            return CallerIs(_named(_TRAITS, asked.caller_trait))
        case "caller_kind":
            return CallerKindIs(_named(_KINDS, asked.caller_kind))
        case "abandoned_within":
            return AbandonedWithin(asked.abandoned_within.ToTimedelta())
        case "previous_outcome":
            return PreviousOutcomeIs(_named(_OUTCOMES, asked.previous_outcome))
        case "attestation_at_least":
            return AttestedAtLeast(_named(_LEVELS, asked.attestation_at_least))
        case _:
            return None


def _coded_out(known: Condition) -> pb.RoutingCondition:
    match known:
        case CallerIs(trait):
            return pb.RoutingCondition(caller_trait=_TRAITS[trait])
        case CallerKindIs(kind):
            return pb.RoutingCondition(caller_kind=_KINDS[kind])
        case AbandonedWithin(limit):
            return pb.RoutingCondition(abandoned_within=times.duration(limit))
        case PreviousOutcomeIs(outcome):
            return pb.RoutingCondition(previous_outcome=_OUTCOMES[outcome])
        case AttestedAtLeast(level):
            return pb.RoutingCondition(attestation_at_least=_LEVELS[level])
        case _:
            return _words_out(known)


def _words_out(known: Condition) -> pb.RoutingCondition:
    shown = pb.RoutingCondition()
    match known:
        case LanguageIs(language):
            shown.language = language
        case TierIs(tier):
            shown.tier = tier
        case ScreeningIs(result):
            shown.screening_result = result
        case CallerIdNameContains(words):
            shown.caller_id_name_contains = words
        case NumberBegins(prefix):
            shown.caller_number_prefix = prefix
        case CalledNumberIs(number):
            shown.called_number = number
    return shown


def _list_out(group: Group) -> pb.RoutingConditionList:
    return pb.RoutingConditionList(conditions=[condition_out(each) for each in group.conditions])


def _named(table: Mapping[M, V], value: V) -> M:
    """Return what an enum's value stands for; the contract refuses all others."""
    return next(member for member, known in table.items() if known == value)
