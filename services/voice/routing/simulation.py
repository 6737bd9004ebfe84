"""Walking a plan without a call: the whole way with scores and reasons. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.voice.queues.model import Queue
from services.voice.routing.branching import Considered, applies, choose, required, standing
from services.voice.routing.inputs import Inputs, Name
from services.voice.routing.plan import (
    KINDS,
    Branch,
    CallbackStep,
    EnqueueStep,
    HangUpStep,
    Menu,
    Option,
    Plan,
    Say,
    Step,
    TransferStep,
    VoicemailStep,
    exits,
)
from services.voice.routing.prompts import Prompt
from services.voice.routing.scoring import entering

MOST_VISITS = 200
"""Visits after which a walk is given up: its caller answers menus for ever."""

HANG_UP = "hang_up"
"""The exit of a caller who gives up."""

_YES = "1"
_NO_TIME = timedelta()


class End(StrEnum):
    """How a simulated call ended."""

    HUNG_UP = "HUNG_UP"
    CALLER_HUNG_UP = "CALLER_HUNG_UP"
    TRANSFERRED = "TRANSFERRED"
    TOO_LONG = "TOO_LONG"


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens at one visit of a step, after a wait there."""

    step_id: str
    exit: str
    wait: timedelta = _NO_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """Everything a walk rests on beside the plan."""

    inputs: Inputs
    now: datetime
    queues: Mapping[str, Queue] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit of a step."""

    visit: int
    step_id: str
    kind: str
    exit: str = ""
    reason: str = ""
    next_step_id: str = ""
    prompts: tuple[str, ...] = ()
    options: tuple[Considered, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    queue_id: str = ""
    skills: tuple[tuple[str, int], ...] = ()
    ends: End | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """The whole way, and how it ended."""

    path: tuple[Visit, ...]
    end: End


def simulate(plan: Plan, assumed: Assumed) -> Walk:
    """Return the way a caller goes; the same for the same assumptions."""
    return _Walker(plan, assumed).walk()


class _Walker:
    """Keeps what is still to come of answers and happenings, and what time it is."""

    def __init__(self, plan: Plan, assumed: Assumed) -> None:
        self._plan = plan
        self._inputs = assumed.inputs
        self._queues = assumed.queues
        self._now = assumed.now
        self._answers = list(assumed.answers)
        self._happenings = list(assumed.happenings)

    def walk(self) -> Walk:
        """Visit one step after the other."""
        path: list[Visit] = []
        step_id = self._plan.entry_step_id
        while step_id:
            if len(path) == MOST_VISITS:
                return Walk(tuple(path), End.TOO_LONG)
            visit = self._visit(self._plan.steps[step_id], len(path))
            path.append(visit)
            step_id = "" if visit.ends else visit.next_step_id
        return Walk(tuple(path), path[-1].ends or End.HUNG_UP)

    def _visit(self, step: Step, number: int) -> Visit:
        visit = Visit(visit=number, step_id=step.step_id, kind=KINDS[type(step)])
        match step:
            case Say():
                said = self._said(step.prompt)
                return _leave(replace(visit, prompts=said), step, "next", "it has been said")
            case Menu():
                return self._menu(visit, step)
            case Branch():
                return self._branch(visit, step)
            case EnqueueStep():
                return self._enqueue(visit, step)
            case VoicemailStep():
                return self._voicemail(visit, step)
            case CallbackStep():
                return self._callback(visit, step)
            case TransferStep():
                return self._transfer(visit, step)
            case HangUpStep():
                return replace(visit, prompts=self._said(step.prompt), reason="the plan ends here")

    def _menu(self, visit: Visit, step: Menu) -> Visit:
        said: list[str] = []
        considered: list[Considered] = []
        for attempt in range(step.max_tries):
            if attempt and step.retry_prompt:
                said += self._said(step.retry_prompt)
            said += self._said(step.prompt)
            answer = self._answers.pop(0) if self._answers else ""
            chosen = _chosen(step, answer)
            shown = f'the caller answers "{answer}"' if answer else "the caller is silent"
            considered.append(Considered(chosen.digits if chosen else "none", bool(chosen), shown))
            if chosen:
                break
        asked = replace(visit, prompts=tuple(said), options=tuple(considered))
        if chosen is None:
            return _leave(asked, step, "failure", f"nothing was chosen in {step.max_tries} tries")
        return replace(asked, exit=chosen.digits, reason=shown, next_step_id=chosen.next_step_id)

    def _branch(self, visit: Visit, step: Branch) -> Visit:
        choice = choose(step, self._inputs, self._now)
        return replace(
            visit,
            options=choice.considered,
            exit=choice.exit,
            reason=choice.considered[-1].reason,
            next_step_id=choice.next_step_id,
        )

    def _enqueue(self, visit: Visit, step: EnqueueStep) -> Visit:
        place = standing(step, self._inputs, self._now)
        queue = self._queues.get(step.queue_id) or Queue(queue_id=step.queue_id)
        waiting = replace(
            visit,
            options=place.considered,
            scores=entering(queue, self._inputs, place.boosts, self._now),
            queue_id=step.queue_id,
            skills=place.skills,
        )
        happening = self._happening(step)
        if happening is None and not self._inputs.is_open(step.queue_id):
            return _leave(waiting, step, "closed", f"{step.queue_id} is closed")
        if happening is None:
            return _leave(waiting, step, "after_conversation", "an agent takes the call at once")
        if happening.exit == "max_wait":
            happening = replace(happening, wait=step.max_wait or queue.max_wait)
        return self._taken(self._searched(waiting, step, happening.wait), step, happening)

    def _searched(self, visit: Visit, step: EnqueueStep, wait: timedelta) -> Visit:
        """Widen the search as far as the wait goes."""
        for target in step.targets:
            if target.after > wait:
                break
            moment = self._now + target.after
            verdict = applies(target, self._inputs, moment)
            name = f"target after {target.after.total_seconds():g} s"
            options = (*visit.options, Considered(name, verdict.holds, verdict.why))
            visit = replace(visit, options=options)
            if verdict.holds:
                visit = replace(visit, queue_id=target.queue_id or visit.queue_id)
                if target.skills is not None:
                    skills, needed = required(target.skills, self._inputs, moment)
                    visit = replace(visit, skills=skills, options=(*visit.options, *needed))
        return visit

    def _callback(self, visit: Visit, step: CallbackStep) -> Visit:
        visit = replace(visit, prompts=self._said(step.prompt), queue_id=step.queue_id)
        happening = self._happening(step)
        if happening is not None:
            return self._taken(visit, step, happening)
        answer = self._answers.pop(0) if self._answers else ""
        if not self._inputs.text(Name.CALLER_NUMBER):
            return _leave(visit, step, "declined", "the caller has no number to be called at")
        if answer != _YES:
            return _leave(visit, step, "declined", f'the caller answers "{answer}"')
        visit = replace(visit, prompts=(*visit.prompts, *self._said(step.accepted_prompt)))
        return _leave(visit, step, "accepted", 'the caller answers "1"')

    def _transfer(self, visit: Visit, step: TransferStep) -> Visit:
        visit = replace(visit, prompts=self._said(step.prompt))
        happening = self._happening(step)
        if happening is not None:
            return self._taken(visit, step, happening)
        return replace(visit, reason="somebody answers there", ends=End.TRANSFERRED)

    def _voicemail(self, visit: Visit, step: VoicemailStep) -> Visit:
        visit = replace(visit, prompts=self._said(step.prompt))
        happening = self._happening(step)
        if happening is not None:
            return self._taken(visit, step, happening)
        return _leave(visit, step, "next", "a message is left")

    def _happening(self, step: Step) -> Happening | None:
        """Take the first happening at a step out of those to come."""
        for index, each in enumerate(self._happenings):
            if each.step_id == step.step_id:
                return self._happenings.pop(index)
        return None

    def _taken(self, visit: Visit, step: Step, happening: Happening) -> Visit:
        self._now += happening.wait
        waited = f"after {happening.wait.total_seconds():g} s" if happening.wait else "at once"
        if happening.exit == HANG_UP:
            ended = replace(visit, exit=HANG_UP, ends=End.CALLER_HUNG_UP)
            return replace(ended, reason=f"the caller gives up {waited}")
        return _leave(visit, step, happening.exit, f"as was assumed, {waited}")

    def _said(self, prompt: Prompt | None) -> tuple[str, ...]:
        if prompt is None:
            return ()
        spoken = prompt.spoken(
            self._inputs.text(Name.LANGUAGE),
            self._inputs.trusted_name,
            default=self._plan.language,
        )
        return (spoken.audio_url or spoken.text,)


def impossible(plan: Plan, happenings: Sequence[Happening]) -> list[tuple[int, str]]:
    """Return which happenings cannot be, by their place, and why."""
    found = []
    for index, each in enumerate(happenings):
        step = plan.steps.get(each.step_id)
        if step is None:
            found.append((index, "names no step of the plan"))
        elif isinstance(step, Say | Menu | Branch | HangUpStep):
            found.append((index, "names a step that depends on nobody else"))
        elif each.exit != HANG_UP and each.exit not in {way.name for way in exits(step)}:
            found.append((index, "names no exit of the step"))
    return found


def _chosen(step: Menu, answer: str) -> Option | None:
    return step.chosen(digits=answer) or step.chosen(speech=answer)


def _leave(visit: Visit, step: Step, exit_name: str, reason: str) -> Visit:
    """Leave a step by an exit."""
    way = next(way for way in exits(step) if way.name == exit_name)
    return replace(visit, exit=exit_name, reason=reason, next_step_id=way.next_step_id)
