"""The walk through a plan, as one pure function.

``advance`` looks at a journey and says where it stands now, what is to be done, and when to look
again. It may be asked at any time, in any order of events, and as often as one likes: it never
fails, and what it has asked for before it asks for under the same keys. What comes of entering a
queue and of keeping a place in it is told to it by ``entered`` and ``kept``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from services.voice.calls.command import Answer, HangUp
from services.voice.calls.model import State, Steering
from services.voice.journeys import waiting, wording
from services.voice.journeys.actions import Action, Enter, Give, KeepPlace, Leave
from services.voice.journeys.model import Journey, Phase, Situation, Wait
from services.voice.journeys.steps import RECORDING_GRACE, at_step, close_voicemail
from services.voice.journeys.turn import Turn, end, said, wait_for
from services.voice.journeys.wording import plain
from services.voice.queues.model import Entry, EntryState, Kind, NotEntered, Outcome
from services.voice.routing.plan import CallbackStep, TransferStep

MOST_MOVES = 100
"""Steps one look may pass; a plan that goes on for longer goes round in a circle."""

_HANG_UP_AGAIN = timedelta(seconds=15)
_HANG_UPS = 3


def begin(leg_id: str, plan_id: str, revision: int) -> Journey:
    """Return the journey of a caller who has just come."""
    return Journey(leg_id, plan_id, revision)


def advance(journey: Journey, at: Situation) -> Turn:
    """Look at a journey; asking again gives the same answer."""
    actions: list[Action] = []
    for _ in range(MOST_MOVES):
        turn = _look(journey, at)
        journey = turn.journey
        actions += turn.actions
        if not turn.moved or _is_question(actions):
            return Turn(journey, tuple(actions), turn.look)
    last = _ending(end(journey, "plan goes round", wording.SORRY).journey, at)
    return Turn(last.journey, (*actions, *last.actions), last.look)


def _is_question(actions: list[Action]) -> bool:
    return bool(actions) and isinstance(actions[-1], Enter | KeepPlace)


def _look(journey: Journey, at: Situation) -> Turn:
    if journey.phase is Phase.OVER:
        return _over(journey, at)
    if at.call.hung_up is not None:
        return _gone(journey, at)
    return _LOOKS[journey.phase](journey, at)


def _arriving(journey: Journey, at: Situation) -> Turn:
    """Take the call; a document is only asked for by a leg that is answered."""
    if at.call.steering is Steering.TEXML or at.call.state >= State.ANSWERED:
        return Turn(journey.at(at.plan.entry_step_id), moved=True)
    if at.call.refusal("answer") is not None:
        return end(journey, "not answered", "")
    return Turn(journey, (Give("answer", Answer()),))


def _talking(journey: Journey, at: Situation) -> Turn:
    transferring = isinstance(at.step(journey.step_id), TransferStep)
    return at_step(journey, at) if transferring else waiting.in_queue(journey, at)


def _ending(journey: Journey, at: Situation) -> Turn:
    """Say the last word and hang up, again if the call is still there after a while."""
    speaking = said(journey, "goodbye", plain(journey.farewell, at), at)
    if speaking is not None:
        return speaking
    key = journey.key(f"hang_up.{journey.attempt}")
    since = journey.awaited_since
    if journey.awaited == key and since is not None and at.now >= since + _HANG_UP_AGAIN:
        if journey.attempt >= _HANG_UPS:
            return Turn(journey, (Give(key, HangUp()),))
        return Turn(replace(journey, attempt=journey.attempt + 1), moved=True)
    return wait_for(journey, key, HangUp(), at, _HANG_UP_AGAIN)


def _gone(journey: Journey, at: Situation) -> Turn:
    """Give up the place of a caller who has hung up."""
    why = journey.end or ("in queue" if journey.wait.entry_id else "hung up")
    over = replace(journey, phase=Phase.OVER, end=why, wait=Wait())
    return Turn(over, _given_up(journey, at.entry), moved=True)


def _given_up(journey: Journey, entry: Entry | None) -> tuple[Action, ...]:
    keeps = entry is not None and entry.state is not EntryState.LEFT
    mine = entry is not None and entry.entry_id == journey.wait.entry_id
    if entry is None or not keeps or not mine or journey.phase is Phase.WALKING:
        return ()
    # Whether there was a conversation, and how short the wait was, the centre knows.
    return (Leave(entry.entry_id, Outcome.ABANDONED),)


def _over(journey: Journey, at: Situation) -> Turn:
    """Wait for the recording of a caller who has spoken and gone."""
    if not journey.voicemail:
        return Turn(journey)
    result, ended = at.call.result(journey.voicemail), at.call.ended_time
    latest = (ended or at.now) + RECORDING_GRACE
    if result is None and at.now < latest and at.call.refusal(journey.voicemail) is None:
        return Turn(journey, look=latest)
    closed = close_voicemail(journey, result)
    return Turn(replace(journey, voicemail=""), (closed,))


_LOOKS: Mapping[Phase, Callable[[Journey, Situation], Turn]] = {
    Phase.ARRIVING: _arriving,
    Phase.WALKING: at_step,
    Phase.WAITING: waiting.in_queue,
    Phase.TALKING: _talking,
    Phase.ENDING: _ending,
}


def entered(journey: Journey, answer: Entry | NotEntered, at: Situation) -> Journey:
    """Tell the journey what came of entering a queue."""
    if isinstance(answer, NotEntered):
        return replace(journey, entered=answer)
    stay = Wait(entry_id=answer.entry_id, since=at.now)
    stands_in = isinstance(at.step(journey.step_id), CallbackStep)
    phase = Phase.WALKING if stands_in else Phase.WAITING
    return replace(
        journey,
        wait=stay,
        phase=phase,
        queue_id=answer.queue_id,
        waited_since=None,
        awaited="",
        passed=(),
    )


def kept(journey: Journey, after: Entry, at: Situation) -> Journey:
    """Tell the journey what came of asking the queue to call back."""
    if after.kind is Kind.CALLBACK:
        return waiting.kept(journey, at).journey
    return waiting.declined(journey)
