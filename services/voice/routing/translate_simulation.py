"""Simulations between the contract and the model."""

from datetime import datetime

from switchhook.voice.v1 import decision_pb2
from switchhook.voice.v1 import routing_simulation_pb2 as pb

from chassis import times
from services.voice.routing.inputs import Input, InputState, Value, override
from services.voice.routing.plan import Plan
from services.voice.routing.simulation import Happening, Visit
from services.voice.routing.translate_decisions import input_out, option_out, scores_out
from services.voice.routing.use_cases import Trial, Tried

_STATES = {each: decision_pb2.InputState.Value(f"INPUT_STATE_{each.name}") for each in InputState}


def trial_in(asked: pb.SimulateRouteRequest, plan: Plan | None, now: datetime) -> Trial:
    """Return what a request wants to try; raises Invalid for a time no calendar has."""
    return Trial(
        plan=plan,
        plan_id=asked.plan_id,
        revision=asked.revision,
        called_number=asked.called_number,
        raw_caller=asked.caller.raw,
        attestation=asked.caller.attestation,
        caller_id_name=asked.caller.caller_id_name,
        screening_result=asked.caller.screening_result,
        now=times.instant(asked.time, "time") if asked.HasField("time") else now,
        overrides=tuple(_override(each) for each in asked.overrides),
        offline=asked.offline,
        answers=tuple(asked.answers),
        happenings=tuple(
            Happening(each.step_id, each.exit, each.wait.ToTimedelta()) for each in asked.happenings
        ),
    )


def tried_out(tried: Tried) -> pb.SimulateRouteResponse:
    """Return what came of a trial as the contract shows it."""
    return pb.SimulateRouteResponse(
        plan_id=tried.plan.plan_id,
        revision=tried.plan.revision,
        inputs=[input_out(each) for each in tried.inputs],
        path=[_visit(each) for each in tried.walk.path],
        end=pb.SimulationEnd.Value(f"SIMULATION_END_{tried.walk.end.name}"),
    )


def _override(asked: pb.InputOverride) -> Input:
    state = next((each for each, number in _STATES.items() if number == asked.state), None)
    return override(asked.name, _value(asked), state or InputState.FOUND)


def _value(asked: pb.InputOverride) -> Value:
    kind = asked.WhichOneof("value")
    if kind is None:
        return None
    if kind == "span":
        return asked.span.ToTimedelta()
    value: bool | int | str = getattr(asked, kind)
    return value


def _visit(known: Visit) -> pb.SimulatedVisit:
    return pb.SimulatedVisit(
        visit=known.visit,
        step_id=known.step_id,
        kind=known.kind,
        prompts=known.prompts,
        options=[option_out(each) for each in known.options],
        scores=scores_out(known.scores),
        queue_id=known.queue_id,
        skills=[f"{skill}:{level}" for skill, level in known.skills],
        exit=known.exit,
        reason=known.reason,
        next_step_id=known.next_step_id,
    )
