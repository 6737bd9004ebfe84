"""Decisions between the contract and the model, and as the bytes they are kept in."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from switchhook.voice.v1 import decision_pb2 as pb
from switchhook.voice.v1 import routing_service_pb2 as service_pb

from chassis import pages, times
from chassis.errors import FieldViolation, Invalid
from services.voice.routing.branching import Considered
from services.voice.routing.decisions import Decision, DecisionFilter, DecisionKind, Place
from services.voice.routing.inputs import Input, InputState, Source, Value, inputs

P = TypeVar("P", str, int)

_KINDS = {each: pb.DecisionKind.Value(f"DECISION_KIND_{each.name}") for each in DecisionKind}


def decision_out(known: Decision) -> pb.RoutingDecision:
    """Return a decision as the contract shows it."""
    return pb.RoutingDecision(
        decision_id=known.decision_id,
        kind=_KINDS[known.kind],
        call_leg_id=known.leg_id,
        plan_id=known.plan_id,
        plan_revision=known.revision,
        step_id=known.step_id,
        visit=known.visit,
        entry_id=known.entry_id,
        inputs=[input_out(each) for each in known.inputs],
        scores=scores_out(known.scores),
        options=[option_out(each) for each in known.options],
        outcome=known.outcome,
        decide_time=times.timestamp(known.time),
    )


def pack(known: Decision) -> bytes:
    """Return the bytes a decision is kept in."""
    return decision_out(known).SerializeToString(deterministic=True)


def unpack(body: bytes) -> Decision:
    """Return the decision that bytes hold."""
    kept = pb.RoutingDecision.FromString(body)
    return Decision(
        decision_id=kept.decision_id,
        kind=DecisionKind[pb.DecisionKind.Name(kept.kind).removeprefix("DECISION_KIND_")],
        leg_id=kept.call_leg_id,
        time=kept.decide_time.ToDatetime(UTC),
        plan_id=kept.plan_id,
        revision=kept.plan_revision,
        step_id=kept.step_id,
        visit=kept.visit,
        entry_id=kept.entry_id,
        inputs=inputs(_input(each) for each in kept.inputs),
        scores=_scores(kept.scores),
        options=tuple(
            Considered(each.option, each.accepted, each.reason, _scores(each.scores))
            for each in kept.options
        ),
        outcome=kept.outcome,
    )


def input_out(known: Input) -> pb.RoutingInput:
    """Return an input as the contract shows it."""
    shown = pb.RoutingInput(
        name=known.name,
        source=known.source.value,
        state=pb.InputState.Value(f"INPUT_STATE_{known.state.name}"),
        took=times.duration(known.took),
    )
    match known.value:
        case bool():
            shown.flag = known.value
        case int():
            shown.count = known.value
        case str():
            shown.text = known.value
        case timedelta():
            shown.span.FromTimedelta(known.value)
        case None:
            pass
    return shown


def option_out(known: Considered) -> pb.ConsideredOption:
    """Return an option as the contract shows it."""
    return pb.ConsideredOption(
        option=known.option,
        accepted=known.accepted,
        reason=known.reason,
        scores=scores_out(known.scores),
    )


def scores_out(known: Iterable[tuple[str, float]]) -> list[pb.DecisionScore]:
    """Return the parts of a score as the contract shows them."""
    return [pb.DecisionScore(label=label, seconds=seconds) for label, seconds in known]


def decision_filter(asked: service_pb.ListDecisionsRequest) -> DecisionFilter:
    """Return which decisions a request wants; raises Invalid for a time no calendar has."""
    kind = next((each for each, number in _KINDS.items() if number == asked.kind), None)
    after, before = asked.decided_after, asked.decided_before
    return DecisionFilter(
        leg_id=asked.call_leg_id,
        plan_id=asked.plan_id,
        kind=kind,
        after=times.instant(after, "decided_after") if asked.HasField("decided_after") else None,
        before=times.instant(before, "decided_before")
        if asked.HasField("decided_before")
        else None,
    )


def decision_position(known: Decision) -> list[str | int]:
    """Return the place of a decision as a page token holds it."""
    return [known.time.isoformat(), known.visit, known.decision_id]


def decision_place(position: Sequence[str | int]) -> Place | None:
    """Return the place a page token holds; raises Invalid when it cannot be one."""
    if not position:
        return None
    try:
        time, visit, decision_id = position
        moment = datetime.fromisoformat(str(time)).astimezone(UTC)
        return Place(moment, _small(int(visit)), str(UUID(str(decision_id))))
    except (ValueError, OverflowError):
        raise _no_token() from None


def page_after(token: str, filters: bytes, first: P) -> P:
    """Return the one key a page token holds, or `first` without one; raises Invalid."""
    position = pages.decode(token, filters)
    if not position:
        return first
    key = position[0]
    # No key holds a NUL, and no database takes one.
    if len(position) != 1 or type(key) is not type(first) or "\x00" in str(key):
        raise _no_token()
    try:
        return _small(key) if isinstance(key, int) else key
    except ValueError:
        raise _no_token() from None


def _small(number: int) -> int:
    """Return a number a column holds, or raise ValueError."""
    if not 0 <= number < 2**31:
        raise ValueError("no column holds this")
    return number


def _no_token() -> Invalid:
    return Invalid([FieldViolation("page_token", "is not a token this service gave")])


def _input(kept: pb.RoutingInput) -> Input:
    state = InputState[pb.InputState.Name(kept.state).removeprefix("INPUT_STATE_")]
    took = kept.took.ToTimedelta() if kept.HasField("took") else None
    return Input(kept.name, value_in(kept), Source(kept.source), state, took)


def value_in(asked: pb.RoutingInput) -> Value:
    """Return the value of an input; None where it has none."""
    kind = asked.WhichOneof("value")
    if kind is None:
        return None
    if kind == "span":
        return asked.span.ToTimedelta()
    value: bool | int | str = getattr(asked, kind)
    return value


def _scores(kept: Iterable[pb.DecisionScore]) -> tuple[tuple[str, float], ...]:
    return tuple((each.label, each.seconds) for each in kept)
