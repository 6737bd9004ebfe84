"""Steps as the contract shows them."""

from collections.abc import Iterable

from switchhook.voice.v1 import routing_condition_pb2
from switchhook.voice.v1 import routing_queueing_pb2 as queue_pb
from switchhook.voice.v1 import routing_step_pb2 as pb

from chassis import times
from services.voice.routing.conditions import Condition
from services.voice.routing.plan import (
    Branch,
    CallbackStep,
    EnqueueStep,
    HangUpStep,
    Menu,
    Say,
    SkillNeed,
    Step,
    Target,
    TransferStep,
    VoicemailStep,
)
from services.voice.routing.translate_conditions import condition_out
from services.voice.routing.translate_prompts import optional_out, prompt_out


def step_out(known: Step) -> pb.RoutingStep:
    """Return a step as the contract shows it, with every default filled in."""
    shown = pb.RoutingStep(step_id=known.step_id)
    match known:
        case Say():
            say = pb.SayStep(prompt=prompt_out(known.prompt), next_step_id=known.next_step_id)
            shown.say.CopyFrom(say)
        case Menu():
            shown.menu.CopyFrom(_menu(known))
        case Branch():
            shown.branch.CopyFrom(_branch(known))
        case EnqueueStep():
            shown.enqueue.CopyFrom(_enqueue(known))
        case VoicemailStep():
            shown.voicemail.CopyFrom(_voicemail(known))
        case CallbackStep():
            shown.callback.CopyFrom(_callback(known))
        case TransferStep():
            shown.transfer.CopyFrom(_transfer(known))
        case HangUpStep():
            shown.hang_up.CopyFrom(pb.HangUpStep(prompt=optional_out(known.prompt)))
    return shown


def _menu(known: Menu) -> pb.MenuStep:
    options = (
        pb.MenuOption(digits=each.digits, phrases=each.phrases, next_step_id=each.next_step_id)
        for each in known.options
    )
    return pb.MenuStep(
        prompt=prompt_out(known.prompt),
        options=options,
        retry_prompt=optional_out(known.retry_prompt),
        max_tries=known.max_tries,
        answer_timeout=times.duration(known.answer_timeout),
        digit_timeout=times.duration(known.digit_timeout),
        human_step_id=known.human_step_id,
        failure_step_id=known.failure_step_id,
    )


def _branch(known: Branch) -> pb.BranchStep:
    cases = (
        pb.BranchCase(
            label=each.label, when=condition_out(each.when), next_step_id=each.next_step_id
        )
        for each in known.cases
    )
    return pb.BranchStep(cases=cases, otherwise_step_id=known.otherwise_step_id)


def _enqueue(known: EnqueueStep) -> queue_pb.EnqueueStep:
    boosts = (
        queue_pb.ScoreBoost(
            label=each.label, when=_optional(each.when), boost=times.duration(each.length)
        )
        for each in known.boosts
    )
    return queue_pb.EnqueueStep(
        queue_id=known.queue_id,
        boosts=boosts,
        skills=_skills(known.skills),
        targets=[_target(each) for each in known.targets],
        max_wait=times.duration(known.max_wait),
        max_offers=known.max_offers,
        full_step_id=known.full_step_id,
        closed_step_id=known.closed_step_id,
        max_wait_step_id=known.max_wait_step_id,
        offers_failed_step_id=known.offers_failed_step_id,
        callback_step_id=known.callback_step_id,
        after_conversation_step_id=known.after_conversation_step_id,
    )


def _voicemail(known: VoicemailStep) -> pb.VoicemailStep:
    return pb.VoicemailStep(
        prompt=prompt_out(known.prompt),
        mailbox=known.mailbox,
        max_length=times.duration(known.max_length),
        max_silence=times.duration(known.max_silence),
        next_step_id=known.next_step_id,
    )


def _callback(known: CallbackStep) -> queue_pb.CallbackStep:
    return queue_pb.CallbackStep(
        queue_id=known.queue_id,
        prompt=prompt_out(known.prompt),
        accepted_prompt=optional_out(known.accepted_prompt),
        accepted_step_id=known.accepted_step_id,
        declined_step_id=known.declined_step_id,
        answer_timeout=times.duration(known.answer_timeout),
    )


def _transfer(known: TransferStep) -> pb.TransferStep:
    return pb.TransferStep(
        to_number=known.to_number,
        prompt=optional_out(known.prompt),
        ring_timeout=times.duration(known.ring_timeout),
        failure_step_id=known.failure_step_id,
    )


def _target(known: Target) -> queue_pb.EnqueueTarget:
    skills = None if known.skills is None else queue_pb.SkillSet(skills=_skills(known.skills))
    return queue_pb.EnqueueTarget(
        after=times.duration(known.after),
        queue_id=known.queue_id,
        skills=skills,
        when=_optional(known.when),
    )


def _skills(known: Iterable[SkillNeed]) -> list[queue_pb.SkillNeed]:
    return [
        queue_pb.SkillNeed(skill=each.skill, level=each.level, when=_optional(each.when))
        for each in known
    ]


def _optional(known: Condition | None) -> routing_condition_pb2.RoutingCondition | None:
    return None if known is None else condition_out(known)
