"""What a waiting caller hears: music, words about the wait, and the offer to be called back.

On commanded legs sounds are pushed one after the other (``push``), each under a key of its own; a
TeXML leg asks for the next sound whenever the last one is over (``heard``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.voice.calls.command import Enqueue, Gather, Play, StopPlayback
from services.voice.calls.model import ResultStatus, Steering
from services.voice.journeys import wording
from services.voice.journeys.actions import Action, Give, KeepPlace
from services.voice.journeys.model import Journey, Situation, Sound
from services.voice.journeys.steps import callable_number, yes
from services.voice.journeys.turn import Turn, ended, said, wait_for
from services.voice.journeys.wording import command_of, patience, plain
from services.voice.queues.model import Entry, EntryState, Queue

_OFFER_TIMEOUT = timedelta(seconds=5)
_YES = "1"
_LONGEST_SILENCE = timedelta(seconds=20)
"""How long a waiting caller without music hears nothing."""
_CARRIER_WAIT = timedelta(hours=4)
"""The longest a carrier's queue holds a caller. Source: Telnyx, TeXML Enqueue."""


def since(journey: Journey, at: Situation) -> datetime:
    """Return when the caller entered the queue."""
    return journey.wait.since or at.now


def push(journey: Journey, entry: Entry, at: Situation, deadline: datetime) -> Turn:
    """Keep a commanded leg hearing something; a TeXML leg is put where it can ask.

    `deadline` is when to look again at the latest.
    """
    if at.call.steering is Steering.TEXML:
        return _answered(journey, entry, at) or _placed(journey, at, deadline)
    match journey.wait.sound:
        case Sound.MUSIC:
            turn = _music(journey, entry, at)
        case Sound.WORD:
            turn = _word(journey, at)
        case Sound.OFFER:
            turn = _offer(journey, entry, at)
    return replace(turn, look=min(turn.look, deadline) if turn.look else deadline)


def _placed(journey: Journey, at: Situation, deadline: datetime) -> Turn:
    """Put a TeXML caller into the carrier's queue, where the leg waits and asks for sounds."""
    place = Give(placing(journey), Enqueue(at.carrier_queue, _CARRIER_WAIT))
    return Turn(journey, (place,), deadline)


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
        return Turn(following(journey, Sound.MUSIC), moved=True)
    if (played is not None and played.status is not ResultStatus.CANCELLED) or at.call.refusal(
        key
    ) is not None:
        journey = replace(journey, wait=replace(journey.wait, tuneless=True))
    due, word = _next_word(journey, entry, at)
    if due is not None and at.now >= due:
        return Turn(_interrupting(journey, word), moved=True)
    url = "" if journey.wait.tuneless else at.music_url
    tune: Sequence[Action] = (Give(key, Play(url, loop=True)),) if url else ()
    return Turn(journey, tune, due)


def _cannot_be_played(key: str, at: Situation) -> bool:
    played = at.call.result(key)
    ours = played is None or played.status is ResultStatus.CANCELLED
    return not ours or at.call.refusal(key) is not None


def _interrupting(journey: Journey, word: str) -> Journey:
    """Return the journey with a word in place of the music, which its first command stops."""
    if word:
        return following(journey, Sound.WORD, word, told=journey.wait.told + 1)
    told = journey.wait.told + 1
    return following(journey, Sound.OFFER, told=told, offered=True)


def _word(journey: Journey, at: Situation) -> Turn:
    words = plain(journey.wait.word or wording.announcement(at.standing), at)
    speaking = said(journey, f"wait.{journey.wait.turn}", words, at)
    if speaking is None:
        return Turn(following(journey, Sound.MUSIC), moved=True)
    return _with_silence(speaking)


def _offer(journey: Journey, entry: Entry, at: Situation) -> Turn:
    answered = _answered(journey, entry, at)
    if answered is not None:
        return answered
    asked = _question(at)
    longest = patience(plain(asked.text, at)) + _OFFER_TIMEOUT
    if ended(journey, _key(journey), at, longest):
        return Turn(following(journey, Sound.MUSIC), moved=True)
    return _with_silence(wait_for(journey, _key(journey), asked, at, longest))


def _answered(journey: Journey, entry: Entry, at: Situation) -> Turn | None:
    """Act on the answer to the offer of a call back, if there is one."""
    answer = at.call.result(_key(journey))
    if journey.wait.sound is not Sound.OFFER or answer is None:
        return None
    number = callable_number(at.call)
    if number and answer.digits.strip("#") == _YES:
        return Turn(journey, (KeepPlace(entry.entry_id, number),))
    return Turn(following(journey, Sound.MUSIC), moved=True)


def _question(at: Situation) -> Gather:
    words = plain(wording.callback_offer(at.standing), at)
    return yes(words.text, words.language, _OFFER_TIMEOUT)


def _with_silence(turn: Turn) -> Turn:
    """Stop the music before a word: the carrier would let the word wait for its end."""
    stop = Give(f"{_key(turn.journey)}.quiet", StopPlayback())
    return replace(turn, actions=(stop, *turn.actions))


def heard(journey: Journey, entry: Entry, at: Situation) -> tuple[Journey, Sequence[Give]]:
    """Return what a waiting TeXML caller hears next, and the journey after it.

    The document that was given before has been heard to its end: that is why this one is asked for.
    """
    if journey.wait.sound is Sound.OFFER and at.call.result(_key(journey)) is None:
        journey = following(journey, Sound.MUSIC)
    if journey.wait.sound is Sound.WORD:
        words = plain(journey.wait.word or wording.announcement(at.standing), at)
        spoken = Give(_key(journey), command_of(words))
        return following(journey, Sound.MUSIC), (spoken, *_tune(journey, at))
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
    queue, begun = at.queue, since(journey, at)
    due = begun + queue.announce_first + journey.wait.told * _spacing(journey, queue, at)
    offer = queue.callback_offer
    if offer is None or journey.wait.offered or not callable_number(at.call):
        return due, _ANNOUNCE
    is_long = (wording.estimate(at.standing) or timedelta()) > offer.expected_wait
    offered = min(due, begun + offer.wait) if is_long else begun + offer.wait
    return (offered, "") if offered <= max(due, at.now) else (due, _ANNOUNCE)


def may_speak(journey: Journey, queue: Queue, now: datetime) -> bool:
    """Say whether a look may come to words, which tell how the caller stands in line."""
    if journey.wait.sound is not Sound.MUSIC or journey.wait.since is None:
        return True
    told, offer = journey.wait.told, queue.callback_offer
    soonest = queue.announce_first + told * min(queue.announce_every, _LONGEST_SILENCE)
    if offer is not None and not journey.wait.offered:
        soonest = min(soonest, offer.wait)
    return now >= journey.wait.since + soonest


def _spacing(journey: Journey, queue: Queue, at: Situation) -> timedelta:
    """Return how long after a word the next one comes: sooner where nothing fills the silence."""
    if at.music_url and not journey.wait.tuneless:
        return queue.announce_every
    return min(queue.announce_every, _LONGEST_SILENCE)


_ANNOUNCE = "announce"


def following(
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
