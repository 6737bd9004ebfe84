"""A caller in a queue: connected, cut off, moved on, let go.

The order of callers and the choice of agents are the centre's; here is only what becomes of one
caller. What is heard meanwhile is in ``sounds``.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from services.voice.journeys import wording
from services.voice.journeys.actions import Decide, Leave, Move
from services.voice.journeys.model import Journey, Phase, Situation, Sound, Wait
from services.voice.journeys.sounds import following, push, since
from services.voice.journeys.turn import Turn, end, go
from services.voice.queues.model import Entry, EntryState, Outcome
from services.voice.routing.branching import Considered, applies, required
from services.voice.routing.plan import EnqueueStep, Say, Step, VoicemailStep

_RETRY = timedelta(seconds=5)
_OUTCOME_REASONS = {Outcome.HANDLED: "handled", Outcome.TRANSFERRED: "transferred"}


def in_queue(journey: Journey, at: Situation) -> Turn:
    """Look after a caller who waits, or who talks to an agent."""
    entry = at.entry
    if entry is None or entry.state is EntryState.LEFT:
        return _left(journey, entry, at)
    if entry.state is EntryState.CONNECTED:
        return Turn(_talking(journey))
    if journey.phase is Phase.TALKING:
        return Turn(_back(journey), moved=True)
    return _way_out(journey, entry, at) or push(journey, entry, at, _deadline(journey, at))


def _talking(journey: Journey) -> Journey:
    quiet = replace(journey.wait, turn=journey.wait.turn + 1, sound=Sound.MUSIC, word="")
    if journey.phase is Phase.TALKING:
        return journey
    return replace(
        journey, phase=Phase.TALKING, wait=quiet, awaited="", awaited_since=None, passed=()
    )


def _back(journey: Journey) -> Journey:
    """Return the journey of a caller whose agent is gone: in line again, and told so."""
    word = replace(journey, phase=Phase.WAITING)
    return following(word, Sound.WORD, wording.RECONNECTING, lost=journey.wait.lost + 1)


def _left(journey: Journey, entry: Entry | None, at: Situation) -> Turn:
    """Go on after the queue, which somebody else has taken the caller out of."""
    step = at.step(journey.step_id)
    outcome = entry.outcome if entry is not None else None
    if outcome is Outcome.HANDLED:
        after = step.after_conversation_step_id if isinstance(step, EnqueueStep) else ""
        return go(_out(journey), after, farewell=wording.GOODBYE)
    if outcome in (Outcome.CALLBACK, Outcome.TRANSFERRED):
        return end(_out(journey), _OUTCOME_REASONS.get(outcome, "callback"), wording.GOODBYE)
    if isinstance(step, EnqueueStep):
        return go(_out(journey), step.max_wait_step_id, farewell=wording.SORRY)
    return end(_out(journey), "queue missing", wording.SORRY)


def _out(journey: Journey) -> Journey:
    """Return the journey after a stay in a queue: the entry is nobody's of ours any more."""
    return replace(journey, wait=Wait())


def _way_out(journey: Journey, entry: Entry, at: Situation) -> Turn | None:
    """Leave or move when it is time; never while an agent's phone rings for the caller."""
    step = at.step(journey.step_id)
    if entry.state is not EntryState.WAITING:
        return None
    if not isinstance(step, EnqueueStep) or at.queue is None:
        return end(_out(journey), "queue missing", wording.SORRY, _leaving(entry, "", at))
    if entry.exhausted and step.offers_failed_step_id:
        return _leave(journey, entry, step.offers_failed_step_id, at)
    if at.now >= _last_moment(journey, step, at):
        return _leave(journey, entry, step.max_wait_step_id, at)
    return _next_target(journey, entry, step, at)


def _leave(journey: Journey, entry: Entry, step_id: str, at: Situation) -> Turn:
    leaving = _leaving(entry, step_id, at)
    on = _out(journey)
    if leaving.outcome is Outcome.OVERFLOWED:
        # Whoever is sent to another queue keeps the time they have waited already.
        on = replace(on, waited_since=entry.enqueue_time)
    return go(on, step_id, leaving, farewell=wording.SORRY)


def _leaving(entry: Entry, step_id: str, at: Situation) -> Leave:
    """Say what the stay comes to: a caller who is sent elsewhere has not given up."""
    match _destination(step_id, at):
        case VoicemailStep():
            outcome = Outcome.VOICEMAIL
        case EnqueueStep():
            outcome = Outcome.OVERFLOWED
        case _:
            outcome = Outcome.TIMED_OUT if step_id else Outcome.TECHNICAL
    return Leave(entry.entry_id, outcome)


def _destination(step_id: str, at: Situation) -> Step | None:
    """Return where a caller is sent, past what is said on the way."""
    step = at.step(step_id)
    for _ in at.plan.steps:
        if not isinstance(step, Say):
            break
        step = at.step(step.next_step_id)
    return step


def _last_moment(journey: Journey, step: EnqueueStep, at: Situation) -> datetime:
    longest = step.max_wait or (at.queue.max_wait if at.queue else timedelta())
    return since(journey, at) + longest


def _next_target(journey: Journey, entry: Entry, step: EnqueueStep, at: Situation) -> Turn | None:
    passed = journey.wait.targets
    if passed >= len(step.targets):
        return None
    target = step.targets[passed]
    if at.now < since(journey, at) + target.after:
        return None
    on = replace(journey, wait=replace(journey.wait, targets=passed + 1))
    verdict = applies(target, at.inputs, at.now)
    queue_id = target.queue_id or entry.queue_id
    weighed = Considered(f"target {queue_id}", verdict.holds, verdict.why)
    decided = Decide(journey.visit, f"{step.step_id}.{passed + 1}", queue_id, (weighed,))
    if not verdict.holds:
        return Turn(on, (decided,), moved=True)
    skills = None
    if target.skills is not None:
        skills = dict(required(target.skills, at.inputs, at.now)[0])
    return Turn(on, (decided, Move(entry.entry_id, queue_id, skills)), moved=True)


def kept(journey: Journey, at: Situation) -> Turn:
    """Say goodbye to a caller whose entry now waits for a call back."""
    step = at.step(journey.step_id)
    after = step.callback_step_id if isinstance(step, EnqueueStep) else ""
    if after:
        return go(_out(journey), after)
    return end(_out(journey), "callback", wording.CALLBACK_NOTED)


def declined(journey: Journey) -> Journey:
    """Return the journey of a caller whose place could not be kept: the wait goes on."""
    return following(journey, Sound.MUSIC)


def _deadline(journey: Journey, at: Situation) -> datetime:
    """Return when the next way out opens; if one is open but blocked, when to try again."""
    step = at.step(journey.step_id)
    if not isinstance(step, EnqueueStep):
        return at.now + _RETRY
    due, passed = _last_moment(journey, step, at), journey.wait.targets
    if passed < len(step.targets):
        due = min(due, since(journey, at) + step.targets[passed].after)
    return due if due > at.now else at.now + _RETRY
