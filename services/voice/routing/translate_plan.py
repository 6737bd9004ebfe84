"""Plans as requests hold them and as bytes keep them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from types import MappingProxyType
from typing import Any

from switchhook.voice.v1 import routing_plan_pb2 as plan_pb
from switchhook.voice.v1 import routing_queueing_pb2 as queue_pb
from switchhook.voice.v1 import routing_step_pb2 as pb

from chassis import times
from services.voice.routing.conditions import Condition
from services.voice.routing.plan import (
    Boost,
    Branch,
    CallbackStep,
    Case,
    EnqueueStep,
    HangUpStep,
    Menu,
    Option,
    Plan,
    Say,
    SkillNeed,
    Step,
    Target,
    TransferStep,
    VoicemailStep,
)
from services.voice.routing.prompts import Prompt
from services.voice.routing.translate_conditions import Faults, read_condition
from services.voice.routing.translate_prompts import prompt_in
from services.voice.routing.translate_steps import step_out


def read_plan(asked: plan_pb.RoutingPlan, path: str = "plan") -> tuple[Plan, Faults]:
    """Return the plan a request holds, and what is wrong with its single fields."""
    faults: Faults = []
    steps = (
        _READ[each.WhichOneof("kind") or ""](each, f"{path}.steps[{index}]", faults)
        for index, each in enumerate(asked.steps)
    )
    plan = Plan(
        plan_id=asked.plan_id,
        revision=asked.revision,
        display_name=asked.display_name,
        numbers=tuple(asked.numbers),
        texml_apps=tuple(asked.texml_apps),
        entry_step_id=asked.entry_step_id,
        listed=tuple(steps),
        language=asked.language,
    )
    return plan, faults


def plan_out(known: Plan) -> plan_pb.RoutingPlan:
    """Return a plan as the contract shows it."""
    return plan_pb.RoutingPlan(
        plan_id=known.plan_id,
        revision=known.revision,
        display_name=known.display_name,
        numbers=known.numbers,
        texml_apps=known.texml_apps,
        entry_step_id=known.entry_step_id,
        steps=[step_out(step) for step in known.listed],
        language=known.language,
        create_time=times.timestamp(known.create_time),
    )


def pack(known: Plan) -> bytes:
    """Return the bytes a plan is kept in."""
    return plan_out(known).SerializeToString(deterministic=True)


def unpack(body: bytes) -> Plan:
    """Return the plan that bytes hold."""
    kept = plan_pb.RoutingPlan.FromString(body)
    plan, _ = read_plan(kept)
    return replace(plan, create_time=kept.create_time.ToDatetime(UTC))


def _say(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    del at, faults  # A prompt holds nothing that only reading would show.
    return Say(
        step_id=asked.step_id,
        prompt=prompt_in(asked.say.prompt),
        next_step_id=asked.say.next_step_id,
    )


def _menu(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    del at, faults
    menu = asked.menu
    options = (Option(each.digits, tuple(each.phrases), each.next_step_id) for each in menu.options)
    return Menu(
        step_id=asked.step_id,
        prompt=prompt_in(menu.prompt),
        options=tuple(options),
        failure_step_id=menu.failure_step_id,
        retry_prompt=_optional(menu, "retry_prompt"),
        max_tries=menu.max_tries or 3,
        answer_timeout=_length(menu, "answer_timeout", 5),
        digit_timeout=_length(menu, "digit_timeout", 3),
        human_step_id=menu.human_step_id,
    )


def _branch(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    cases = (
        Case(
            each.label,
            read_condition(each.when, f"{at}.branch.cases[{index}].when", faults),
            each.next_step_id,
        )
        for index, each in enumerate(asked.branch.cases)
    )
    return Branch(
        step_id=asked.step_id,
        cases=tuple(cases),
        otherwise_step_id=asked.branch.otherwise_step_id,
    )


def _enqueue(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    step, at = asked.enqueue, f"{at}.enqueue"
    boosts = (
        Boost(each.label, each.boost.ToTimedelta(), _when(each, f"{at}.boosts[{index}]", faults))
        for index, each in enumerate(step.boosts)
    )
    targets = (
        _target(each, f"{at}.targets[{index}]", faults) for index, each in enumerate(step.targets)
    )
    return EnqueueStep(
        step_id=asked.step_id,
        queue_id=step.queue_id,
        full_step_id=step.full_step_id,
        closed_step_id=step.closed_step_id,
        max_wait_step_id=step.max_wait_step_id,
        boosts=tuple(boosts),
        skills=_skills(step.skills, f"{at}.skills", faults),
        targets=tuple(targets),
        max_wait=step.max_wait.ToTimedelta() if step.HasField("max_wait") else None,
        max_offers=step.max_offers or 3,
        offers_failed_step_id=step.offers_failed_step_id,
        callback_step_id=step.callback_step_id,
        after_conversation_step_id=step.after_conversation_step_id,
    )


def _voicemail(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    del at, faults
    step = asked.voicemail
    return VoicemailStep(
        step_id=asked.step_id,
        prompt=prompt_in(step.prompt),
        mailbox=step.mailbox,
        max_length=_length(step, "max_length", 120),
        max_silence=_length(step, "max_silence", 5),
        next_step_id=step.next_step_id,
    )


def _callback(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    del at, faults
    step = asked.callback
    return CallbackStep(
        step_id=asked.step_id,
        queue_id=step.queue_id,
        prompt=prompt_in(step.prompt),
        declined_step_id=step.declined_step_id,
        accepted_prompt=_optional(step, "accepted_prompt"),
        accepted_step_id=step.accepted_step_id,
        answer_timeout=_length(step, "answer_timeout", 5),
    )


def _transfer(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    del at, faults
    step = asked.transfer
    return TransferStep(
        step_id=asked.step_id,
        to_number=step.to_number,
        prompt=_optional(step, "prompt"),
        ring_timeout=_length(step, "ring_timeout", 30),
        failure_step_id=step.failure_step_id,
    )


def _hang_up(asked: pb.RoutingStep, at: str, faults: Faults) -> Step:
    del at, faults
    return HangUpStep(step_id=asked.step_id, prompt=_optional(asked.hang_up, "prompt"))


_READ: Mapping[str, Callable[[pb.RoutingStep, str, Faults], Step]] = MappingProxyType(
    {
        "say": _say,
        "menu": _menu,
        "branch": _branch,
        "enqueue": _enqueue,
        "voicemail": _voicemail,
        "callback": _callback,
        "transfer": _transfer,
        "hang_up": _hang_up,
    }
)


def _target(asked: queue_pb.EnqueueTarget, at: str, faults: Faults) -> Target:
    skills = None
    if asked.HasField("skills"):
        skills = _skills(asked.skills.skills, f"{at}.skills.skills", faults)
    return Target(asked.after.ToTimedelta(), asked.queue_id, skills, _when(asked, at, faults))


def _skills(asked: Iterable[queue_pb.SkillNeed], at: str, faults: Faults) -> tuple[SkillNeed, ...]:
    return tuple(
        SkillNeed(each.skill, each.level or 1, _when(each, f"{at}[{index}]", faults))
        for index, each in enumerate(asked)
    )


def _when(asked: Any, at: str, faults: Faults) -> Condition | None:
    """Return the condition of something that may have one."""
    if not asked.HasField("when"):
        return None
    return read_condition(asked.when, f"{at}.when", faults)


def _optional(asked: Any, field: str) -> Prompt | None:
    return prompt_in(getattr(asked, field)) if asked.HasField(field) else None


def _length(asked: Any, field: str, default: int) -> timedelta:
    if not asked.HasField(field):
        return timedelta(seconds=default)
    length: timedelta = getattr(asked, field).ToTimedelta()
    return length
