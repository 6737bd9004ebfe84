"""What each kind of step does for a caller who has come to it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.voice.calls.command import Gather, Record, Transfer
from services.voice.calls.model import Call, CallerKind, Result, ResultStatus
from services.voice.journeys import wording
from services.voice.journeys.actions import CloseVoicemail, Decide, Enter, OpenVoicemail
from services.voice.journeys.model import Journey, Phase, Situation
from services.voice.journeys.turn import Turn, end, ended, go, said, wait_for
from services.voice.journeys.wording import is_silent, patience, plain, spoken
from services.voice.queues.model import Boost, Kind, NotEntered
from services.voice.routing.branching import choose, standing
from services.voice.routing.plan import (
    Branch,
    CallbackStep,
    EnqueueStep,
    HangUpStep,
    Menu,
    Say,
    Step,
    TransferStep,
    VoicemailStep,
)
from services.voice.routing.prompts import Spoken

_GRACE = timedelta(seconds=20)
"""How much later than it must have happened an event is still waited for."""
RECORDING_GRACE = timedelta(minutes=5)
"""How long after its end a recording may take to be saved."""
_YES = "1"


def at_step(journey: Journey, at: Situation) -> Turn:
    """Do what the step says; a step that is not there any more ends the call with an apology."""
    step = at.step(journey.step_id)
    if step is None:
        return end(journey, "step missing", wording.SORRY)
    return _MOVES[type(step)](journey, step, at)


def _say(journey: Journey, step: Say, at: Situation) -> Turn:
    speaking = said(journey, "say", spoken(step.prompt, at), at)
    return speaking or go(journey, step.next_step_id, farewell=wording.GOODBYE)


def _menu(journey: Journey, step: Menu, at: Situation) -> Turn:
    if journey.attempt > step.max_tries:
        return go(journey, step.failure_step_id, farewell=wording.SORRY)
    words = spoken(step.prompt, at)
    if journey.attempt > 1 and step.retry_prompt is not None:
        words = _after(spoken(step.retry_prompt, at), words)
    asked = _asked(journey, f"menu.{journey.attempt}", words, step, at)
    if isinstance(asked, Turn):
        return asked
    chosen = step.chosen(asked.digits.strip("#"), asked.speech) if asked else None
    if chosen is None:
        return Turn(replace(journey, attempt=journey.attempt + 1), moved=True)
    return go(journey, chosen.next_step_id, farewell=wording.GOODBYE)


def _asked(
    journey: Journey, name: str, words: Spoken, step: Menu, at: Situation
) -> Turn | Result | None:
    """Ask a question of a menu: a turn while it is asked, then the answer, None for none."""
    played = said(journey, f"{name}.prompt", words, at) if words.audio_url else None
    if played is not None:
        return played
    gather = Gather(
        text="" if words.audio_url else words.text,
        language=words.language,
        max_digits=step.max_digits,
        valid_digits=step.valid_digits,
        timeout=step.answer_timeout,
        inter_digit=step.digit_timeout,
        speech_hints=tuple(phrase for option in step.options for phrase in option.phrases),
    )
    longest = patience(words) + step.answer_timeout + step.max_digits * step.digit_timeout
    over = ended(journey, journey.key(name), at, longest)
    if over is None:
        return wait_for(journey, journey.key(name), gather, at, longest)
    return over.result


def _after(first: Spoken, then: Spoken) -> Spoken:
    """Join two texts; a file cannot be joined, so the question alone is asked again."""
    if first.audio_url or then.audio_url:
        return then
    return replace(then, text=f"{first.text} {then.text}".strip())


def _branch(journey: Journey, step: Branch, at: Situation) -> Turn:
    choice = choose(step, at.inputs, at.now)
    decided = Decide(journey.visit, step.step_id, choice.exit, choice.considered)
    return go(journey, choice.next_step_id, decided, farewell=wording.GOODBYE)


def _enqueue(journey: Journey, step: EnqueueStep, at: Situation) -> Turn:
    match journey.entered:
        case NotEntered.QUEUE_FULL:
            return go(journey, step.full_step_id, farewell=wording.SORRY)
        case NotEntered.QUEUE_CLOSED:
            return go(journey, step.closed_step_id, farewell=wording.SORRY)
        case NotEntered():
            return end(journey, "queue missing", wording.SORRY)
        case None:
            place = standing(step, at.inputs, at.now)
            decided = Decide(journey.visit, step.step_id, step.queue_id, place.considered)
            enter = Enter(
                step.queue_id,
                journey.visit,
                dict(place.skills),
                tuple(Boost(label, ahead) for label, ahead in place.boosts),
                max_offers=step.max_offers if step.offers_failed_step_id else 0,
            )
            return Turn(journey, (decided, enter))


def _voicemail(journey: Journey, step: VoicemailStep, at: Situation) -> Turn:
    speaking = said(journey, "greeting", spoken(step.prompt, at), at)
    if speaking is not None:
        return speaking
    key = journey.key("record")
    longest = step.max_length + RECORDING_GRACE
    over = ended(journey, key, at, longest)
    if over is not None and journey.voicemail == key:
        closed = close_voicemail(journey, over.result)
        return Turn(replace(journey, voicemail=""), (closed,), moved=True)
    if over is None:
        record = Record(step.max_length, step.max_silence, beep=True)
        turn = wait_for(replace(journey, voicemail=key), key, record, at, longest)
        opened = OpenVoicemail(key, step.step_id, step.mailbox, journey.queue_id)
        return replace(turn, actions=(opened, *turn.actions))
    taken = at.call.result(key) is not None
    return go(
        journey, step.next_step_id, farewell=wording.MESSAGE_TAKEN if taken else wording.GOODBYE
    )


def close_voicemail(journey: Journey, result: Result | None) -> CloseVoicemail:
    """Return what came of the recording that was waited for."""
    if result is None:
        return CloseVoicemail(journey.voicemail)
    return CloseVoicemail(journey.voicemail, result.recording_id, result.duration)


def _callback(journey: Journey, step: CallbackStep, at: Situation) -> Turn:
    if journey.entered is not None or not callable_number(at.call):
        return go(journey, step.declined_step_id, farewell=wording.SORRY)
    if journey.wait.entry_id:
        words = spoken(step.accepted_prompt, at)
        words = plain(wording.CALLBACK_NOTED, at) if is_silent(words) else words
        thanks = said(journey, "accepted", words, at)
        return thanks or go(journey, step.accepted_step_id)
    asked = _offer(journey, spoken(step.prompt, at), step.answer_timeout, at)
    if isinstance(asked, Turn):
        return asked
    if asked is None or asked.digits.strip("#") != _YES:
        return go(journey, step.declined_step_id, farewell=wording.SORRY)
    return Turn(journey, (Enter(step.queue_id, journey.visit, {}, kind=Kind.CALLBACK),))


def _offer(
    journey: Journey, words: Spoken, timeout: timedelta, at: Situation
) -> Turn | Result | None:
    played = said(journey, "offer.prompt", words, at) if words.audio_url else None
    if played is not None:
        return played
    gather = yes(("" if words.audio_url else words.text), words.language, timeout)
    longest = patience(words) + timeout
    over = ended(journey, journey.key("offer"), at, longest)
    if over is None:
        return wait_for(journey, journey.key("offer"), gather, at, longest)
    return over.result


def yes(text: str, language: str, timeout: timedelta) -> Gather:
    """Return the question that is answered by pressing 1."""
    return Gather(
        text=text,
        language=language,
        valid_digits=_YES,
        timeout=timeout,
        inter_digit=timeout,
    )


def callable_number(call: Call) -> str:
    """Return the number a caller can be called back at; empty when there is none."""
    return call.caller.phone_number if call.caller.kind is CallerKind.NUMBER else ""


def _transfer(journey: Journey, step: TransferStep, at: Situation) -> Turn:
    if journey.phase is not Phase.TALKING:
        speaking = said(journey, "say", spoken(step.prompt, at), at)
        if speaking is not None:
            return speaking
    key, other = journey.key("transfer"), at.transfer
    if other is not None and other.hung_up is not None:
        if other.answered or other.bridged:
            return end(journey, "transferred", wording.GOODBYE)
        return go(journey, step.failure_step_id, farewell=wording.SORRY)
    if other is not None and (other.answered or other.bridged):
        return Turn(replace(journey, phase=Phase.TALKING, end="transferred"))
    longest = step.ring_timeout + _GRACE
    over = ended(journey, key, at, longest)
    if over is not None:
        # Only a document hears of the end of a talk by the command itself.
        talked = over.result is not None and over.result.status is ResultStatus.COMPLETED
        if talked:
            return end(journey, "transferred", wording.GOODBYE)
        return go(journey, step.failure_step_id, farewell=wording.SORRY)
    transfer = Transfer(step.to_number, at.call.called_number, step.ring_timeout)
    return wait_for(journey, key, transfer, at, longest)


def _hang_up(journey: Journey, step: HangUpStep, at: Situation) -> Turn:
    speaking = said(journey, "say", spoken(step.prompt, at), at)
    return speaking or end(journey, "hung up", "")


_MOVES: Mapping[type[Step], Callable[[Journey, Any, Situation], Turn]] = {
    Say: _say,
    Menu: _menu,
    Branch: _branch,
    EnqueueStep: _enqueue,
    VoicemailStep: _voicemail,
    CallbackStep: _callback,
    TransferStep: _transfer,
    HangUpStep: _hang_up,
}
