"""A caller in a queue: what is heard there, and the ways out of it.

The order of callers and the choice of agents are the centre's; here is only what one caller
experiences. On commanded legs sounds are pushed one after the other (``push``); a TeXML leg asks
for the next sound whenever the last one is over (``heard``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.voice.calls.command import Enqueue, Gather, Play, StopPlayback
from services.voice.calls.model import ResultStatus, Steering
from services.voice.journeys import wording
from services.voice.journeys.actions import Action, Decide, Give, KeepPlace, Leave, Move
from services.voice.journeys.model import Journey, Phase, Situation, Sound, Wait
from services.voice.journeys.steps import callable_number, yes
from services.voice.journeys.turn import Turn, end, ended, go, said, wait_for
from services.voice.journeys.wording import command_of, patience, plain
from services.voice.queues.model import Entry, EntryState, Outcome, Queue
from services.voice.routing.branching import Considered, applies, required
from services.voice.routing.plan import EnqueueStep, Say, Step, VoicemailStep

_OFFER_TIMEOUT = timedelta(seconds=5)
_YES = "1"
_RETRY = timedelta(seconds=5)
_LONGEST_SILENCE = timedelta(seconds=20)
"""How long a waiting caller without music hears nothing."""
_OUTCOME_REASONS = {Outcome.HANDLED: "handled", Outcome.TRANSFERRED: "transferred"}
_CARRIER_WAIT = timedelta(hours=4)
"""The longest a carrier's queue holds a caller. Source: Telnyx, TeXML Enqueue."""


def in_queue(journey: Journey, at: Situation) -> Turn:
    """Look after a caller who waits, or who talks to an agent."""
    entry = at.entry
    if entry is None or entry.state is EntryState.LEFT:
        return _left(journey, entry, at)
    if entry.state is EntryState.CONNECTED:
        return Turn(_talking(journey))
    if journey.phase is Phase.TALKING:
        return Turn(_back(journey), moved=True)
    return _way_out(journey, entry, at) or push(journey, entry, at)


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
    return _next(word, Sound.WORD, wording.RECONNECTING, lost=journey.wait.lost + 1)


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
    return go(_out(journey), step_id, _leaving(entry, step_id, at), farewell=wording.SORRY)


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
    return _since(journey, at) + longest


def _since(journey: Journey, at: Situation) -> datetime:
    return journey.wait.since or at.now


def _next_target(journey: Journey, entry: Entry, step: EnqueueStep, at: Situation) -> Turn | None:
    passed = journey.wait.targets
    if passed >= len(step.targets):
        return None
    target = step.targets[passed]
    if at.now < _since(journey, at) + target.after:
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


def push(journey: Journey, entry: Entry, at: Situation) -> Turn:
    """Keep a commanded leg hearing something; a TeXML leg is put where it can ask."""
    if at.call.steering is Steering.TEXML:
        return _answered(journey, entry, at) or _placed(journey, at)
    match journey.wait.sound:
        case Sound.MUSIC:
            return _music(journey, entry, at)
        case Sound.WORD:
            return _word(journey, at)
        case Sound.OFFER:
            return _offer(journey, entry, at)


def _placed(journey: Journey, at: Situation) -> Turn:
    """Put a TeXML caller into the carrier's queue, where the leg waits and asks for sounds."""
    place = Give(placing(journey), Enqueue(at.carrier_queue, _CARRIER_WAIT))
    return Turn(journey, (place,), _deadline(journey, at))


def placing(journey: Journey) -> str:
    """Return the key under which a TeXML caller waits in the carrier's queue."""
    return journey.key(f"queue.{journey.wait.placed}")


def placed_again(journey: Journey) -> Journey:
    """Return the journey of a TeXML caller whom the carrier let out of its queue too soon."""
    wait = replace(journey.wait, placed=journey.wait.placed + 1)
    return replace(journey, wait=wait)


def _music(journey: Journey, entry: Entry, at: Situation) -> Turn:
    key = _key(journey)
    played = at.call.result(key)
    if played is not None and played.status is ResultStatus.COMPLETED:
        return Turn(_next(journey, Sound.MUSIC), moved=True)
    if (played is not None and played.status is not ResultStatus.CANCELLED) or at.call.refusal(
        key
    ) is not None:
        journey = replace(journey, wait=replace(journey.wait, tuneless=True))
    due, word = _next_word(journey, entry, at)
    if due is not None and at.now >= due:
        return Turn(_interrupting(journey, word), moved=True)
    url = "" if journey.wait.tuneless else at.music_url
    tune: Sequence[Action] = (Give(key, Play(url, loop=True)),) if url else ()
    return Turn(journey, tune, _soonest(due, _deadline(journey, at)))


def _cannot_be_played(key: str, at: Situation) -> bool:
    played = at.call.result(key)
    ours = played is None or played.status is ResultStatus.CANCELLED
    return not ours or at.call.refusal(key) is not None


def _interrupting(journey: Journey, word: str) -> Journey:
    """Return the journey with a word in place of the music, which its first command stops."""
    if word:
        return _next(journey, Sound.WORD, word, told=journey.wait.told + 1)
    told = journey.wait.told + 1
    return _next(journey, Sound.OFFER, told=told, offered=True)


def _word(journey: Journey, at: Situation) -> Turn:
    words = plain(journey.wait.word or wording.announcement(at.standing), at)
    speaking = said(journey, f"wait.{journey.wait.turn}", words, at)
    if speaking is None:
        return Turn(_next(journey, Sound.MUSIC), moved=True)
    return _with_silence(speaking, at)


def _offer(journey: Journey, entry: Entry, at: Situation) -> Turn:
    answered = _answered(journey, entry, at)
    if answered is not None:
        return answered
    asked = _question(at)
    longest = patience(plain(asked.text, at)) + _OFFER_TIMEOUT
    if ended(journey, _key(journey), at, longest):
        return Turn(_next(journey, Sound.MUSIC), moved=True)
    return _with_silence(wait_for(journey, _key(journey), asked, at, longest), at)


def _answered(journey: Journey, entry: Entry, at: Situation) -> Turn | None:
    """Act on the answer to the offer of a call back, if there is one."""
    answer = at.call.result(_key(journey))
    if journey.wait.sound is not Sound.OFFER or answer is None:
        return None
    number = callable_number(at.call)
    if number and answer.digits.strip("#") == _YES:
        return Turn(journey, (KeepPlace(entry.entry_id, number),))
    return Turn(_next(journey, Sound.MUSIC), moved=True)


def _question(at: Situation) -> Gather:
    words = plain(wording.callback_offer(at.standing), at)
    return yes(words.text, words.language, _OFFER_TIMEOUT)


def kept(journey: Journey, at: Situation) -> Turn:
    """Say goodbye to a caller whose entry now waits for a call back."""
    step = at.step(journey.step_id)
    after = step.callback_step_id if isinstance(step, EnqueueStep) else ""
    if after:
        return go(_out(journey), after)
    return end(_out(journey), "callback", wording.CALLBACK_NOTED)


def declined(journey: Journey) -> Journey:
    """Return the journey of a caller whose place could not be kept: the wait goes on."""
    return _next(journey, Sound.MUSIC)


def _with_silence(turn: Turn, at: Situation) -> Turn:
    """Stop the music before a word: the carrier would let the word wait for its end."""
    stop = Give(f"{_key(turn.journey)}.quiet", StopPlayback())
    look = _soonest(turn.look, _deadline(turn.journey, at))
    return replace(turn, actions=(stop, *turn.actions), look=look)


def heard(journey: Journey, entry: Entry, at: Situation) -> tuple[Journey, Sequence[Give]]:
    """Return what a waiting TeXML caller hears next, and the journey after it.

    The document that was given before has been heard to its end: that is why this one is asked for.
    """
    if journey.wait.sound is Sound.OFFER and at.call.result(_key(journey)) is None:
        journey = _next(journey, Sound.MUSIC)
    if journey.wait.sound is Sound.WORD:
        words = plain(journey.wait.word or wording.announcement(at.standing), at)
        spoken = Give(_key(journey), command_of(words))
        return _next(journey, Sound.MUSIC), (spoken, *_tune(journey, at))
    due, word = _next_word(journey, entry, at)
    if due is not None and at.now >= due:
        journey = _interrupting(journey, word)
        if journey.wait.sound is Sound.OFFER:
            return journey, (Give(_key(journey), _question(at)),)
        return heard(journey, entry, at)
    return journey, _tune(journey, at)


def _tune(journey: Journey, at: Situation) -> Sequence[Give]:
    return (Give(_key(journey), Play(at.music_url)),) if at.music_url else ()


def _next_word(journey: Journey, entry: Entry, at: Situation) -> tuple[datetime | None, str]:
    """Return when the caller is spoken to next, and the word; an empty one offers a call back.

    Nobody is spoken to while an agent's phone rings: the word would be cut off.
    """
    if entry.state is not EntryState.WAITING or at.queue is None:
        return None, ""
    queue, since = at.queue, _since(journey, at)
    due = since + queue.announce_first + journey.wait.told * _spacing(journey, queue, at)
    offer = queue.callback_offer
    if offer is None or journey.wait.offered or not callable_number(at.call):
        return due, _ANNOUNCE
    is_long = (wording.estimate(at.standing) or timedelta()) > offer.expected_wait
    offered = min(due, since + offer.wait) if is_long else since + offer.wait
    return (offered, "") if offered <= max(due, at.now) else (due, _ANNOUNCE)


def _spacing(journey: Journey, queue: Queue, at: Situation) -> timedelta:
    """Return how long after a word the next one comes: sooner where nothing fills the silence."""
    if at.music_url and not journey.wait.tuneless:
        return queue.announce_every
    return min(queue.announce_every, _LONGEST_SILENCE)


_ANNOUNCE = "announce"


def _next(
    journey: Journey,
    sound: Sound,
    word: str = "",
    *,
    told: int | None = None,
    offered: bool = False,
    lost: int | None = None,
) -> Journey:
    """Return the journey at the caller's next sound, which has a key of its own."""
    wait = journey.wait
    wait = replace(
        wait,
        turn=wait.turn + 1,
        sound=sound,
        word="" if word == _ANNOUNCE else word,
        told=wait.told if told is None else told,
        offered=wait.offered or offered,
        lost=wait.lost if lost is None else lost,
    )
    return replace(journey, wait=wait, awaited="", awaited_since=None, passed=())


def _key(journey: Journey) -> str:
    return journey.key(f"wait.{journey.wait.turn}")


def _deadline(journey: Journey, at: Situation) -> datetime:
    """Return when the next way out opens; if one is open but blocked, when to try again."""
    step = at.step(journey.step_id)
    if not isinstance(step, EnqueueStep):
        return at.now + _RETRY
    due, passed = _last_moment(journey, step, at), journey.wait.targets
    if passed < len(step.targets):
        due = min(due, _since(journey, at) + step.targets[passed].after)
    return due if due > at.now else at.now + _RETRY


def _soonest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
