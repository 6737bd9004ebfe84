"""What a caller meets in a queue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.voice.calls.command import Gather, Play, Speak, StopPlayback
from services.voice.calls.model import Caller, CallerKind, ResultStatus, Steering
from services.voice.journeys import wording
from services.voice.journeys.actions import Decide, KeepPlace, Move
from services.voice.journeys.model import Phase
from services.voice.journeys.sounds import heard
from services.voice.queues.forecast import HandleTime
from services.voice.queues.model import CallbackOffer, EntryState, Outcome, Queue
from services.voice.routing.plan import HangUpStep
from services.voice.routing.prompts import Prompt
from tests.unit.voice.journeys.plans import QUEUE, plan
from tests.unit.voice.journeys.walker import ADA, MUSIC, Walker

OFFERING = Queue(queue_id="support", callback_offer=CallbackOffer())
SELDOM = replace(OFFERING, announce_first=timedelta(seconds=300))


def in_queue(queue: Queue | None = None, **more: object) -> Walker:
    """Return a caller who has just entered the queue."""
    walker = Walker(plan(entry="queue"), **more)  # type: ignore[arg-type]
    if queue is not None:
        walker.queue = queue
    walker.answer()
    return walker


def test_music_plays_from_the_first_moment() -> None:
    """A caller hears the music until something else is due."""
    walker = in_queue()
    assert walker.given["1.wait.0"] == Play(MUSIC, loop=True)
    assert walker.wait(18) == []


def test_position_and_wait_are_announced() -> None:
    """At 20 s and then each minute the music stops for a word, and goes on after it."""
    walker = in_queue()
    walker.standing.position = 3
    walker.standing.average_handle = HandleTime(timedelta(minutes=2), 10)
    assert walker.wait(20) == ["1.wait.1.quiet", "1.wait.1"]
    assert isinstance(walker.given["1.wait.1.quiet"], StopPlayback)
    assert walker.said("1.wait.1") == "You are number 3 in line. The expected wait is 3 minutes."
    assert walker.finish("1.wait.1") == ["1.wait.2"]
    assert isinstance(walker.given["1.wait.2"], Play)
    walker.standing.position = 1
    walker.standing.average_handle = None
    assert [key for key in walker.wait(60) if not key.endswith("quiet")] == ["1.wait.3"]
    assert walker.said("1.wait.3") == f"You are next in line. {wording.STILL_HERE}"


def test_a_word_whose_end_is_not_told_gives_way_to_music() -> None:
    """An event that is lost leaves nobody in silence."""
    walker = in_queue()
    walker.wait(20)
    assert walker.wait(45)[0] == "1.wait.2"
    assert isinstance(walker.given["1.wait.2"], Play)


@pytest.mark.parametrize("how", ["refused", "failed"])
def test_music_that_cannot_be_played_is_not_tried_again(how: str) -> None:
    """Without music the caller is still spoken to."""
    walker = in_queue()
    if how == "refused":
        walker.refuse("1.wait.0")
    else:
        walker.finish("1.wait.0", ResultStatus.FAILED)
    keys = walker.wait(25)
    assert walker.said("1.wait.1").startswith("You are next")
    assert walker.finish("1.wait.1") == []
    assert keys == ["1.wait.1.quiet", "1.wait.1"]
    assert walker.next_look is not None


def test_without_music_words_come_more_often() -> None:
    """Nobody waits in silence for longer than 20 s."""
    walker = in_queue(music="")
    for turn in (1, 3, 5):
        assert walker.wait(20)[-1] == f"1.wait.{turn}"
        walker.finish(f"1.wait.{turn}")


def test_music_that_comes_to_an_end_begins_again() -> None:
    """A player that does not loop is started anew."""
    walker = in_queue()
    assert walker.finish("1.wait.0") == ["1.wait.1"]
    assert isinstance(walker.given["1.wait.1"], Play)


def test_targets_widen_the_search_in_time() -> None:
    """Each target is taken once, at its time from entering, and the decision is kept."""
    walker = in_queue()
    walker.wait(59)
    assert not [each for each in walker.actions if isinstance(each, Move)]
    walker.wait(2)
    walker.wait(100)
    moves = [each for each in walker.actions if isinstance(each, Move)]
    assert moves == [Move("entry-1", "backup", None), Move("entry-1", "backup", {"any": 1})]
    decided = [each.step_id for each in walker.actions if isinstance(each, Decide)]
    assert decided == ["queue", "queue.1", "queue.2"]


def test_the_longest_wait_leads_on() -> None:
    """After the longest wait the caller leaves the queue for the voicemail it leads to."""
    walker = in_queue()
    walker.wait(198)
    assert walker.phase is Phase.WAITING
    walker.wait(4)
    assert walker.journey.step_id == "sorry"
    assert walker.left == [Outcome.VOICEMAIL]


def test_nobody_is_taken_away_from_a_ringing_agent() -> None:
    """While an agent's phone rings neither the longest wait nor a word comes between."""
    walker = in_queue()
    walker.agent(EntryState.OFFERED)
    assert walker.wait(600) == []
    assert walker.phase is Phase.WAITING
    walker.agent(EntryState.WAITING)
    assert walker.left == [Outcome.VOICEMAIL]


def test_a_caller_whom_too_many_agents_failed_is_moved_on() -> None:
    """An exhausted entry goes the way for failed offers."""
    walker = in_queue()
    assert walker.entry is not None
    walker.entry = replace(walker.entry, exhausted=True)
    walker.look()
    assert walker.journey.step_id == "sorry"


def test_nothing_is_played_into_a_conversation() -> None:
    """Connected callers are left alone, however long they talk."""
    walker = in_queue()
    assert walker.agent(EntryState.CONNECTED) == []
    assert (walker.phase, walker.next_look) == (Phase.TALKING, None)
    assert walker.finish("1.wait.0", ResultStatus.CANCELLED) == []


def test_a_conversation_that_broke_off_leads_back_with_a_word() -> None:
    """A lost agent leads back into line, with a word and then music; the next one may talk."""
    walker = in_queue()
    walker.agent(EntryState.CONNECTED)
    keys = walker.agent(EntryState.WAITING)
    assert walker.said(keys[-1]) == wording.RECONNECTING
    assert isinstance(walker.given[walker.finish(keys[-1])[-1]], Play)
    walker.agent(EntryState.CONNECTED)
    walker.agent(EntryState.WAITING)
    assert walker.journey.wait.lost == 2


def test_after_the_conversation_comes_what_the_plan_says() -> None:
    """The step after a conversation follows it; without one the caller is let go politely."""
    thanks = HangUpStep(step_id="thanks", prompt=Prompt("Rate us."))
    queue = replace(QUEUE, after_conversation_step_id="thanks")
    for steps, key in (((queue, thanks), "2.say"), ((), "1.goodbye")):
        walker = Walker(plan(*steps, entry="queue"))
        walker.answer()
        walker.agent(EntryState.CONNECTED)
        assert walker.agent(EntryState.LEFT, Outcome.HANDLED) == [key]


def test_who_hangs_up_on_an_agent_leaves_once() -> None:
    """The centre knows of the conversation; the journey says only that the caller is gone."""
    walker = in_queue()
    walker.agent(EntryState.CONNECTED)
    walker.hang_up()
    walker.look()
    assert walker.left == [Outcome.ABANDONED]


@pytest.mark.parametrize("outcome", [Outcome.REMOVED, Outcome.LOST, Outcome.TECHNICAL])
def test_who_is_taken_out_of_the_queue_goes_on(outcome: Outcome) -> None:
    """A caller somebody removed goes the way of the longest wait."""
    walker = in_queue()
    walker.agent(EntryState.LEFT, outcome)
    assert (walker.journey.step_id, walker.left) == ("sorry", [])


def test_a_queue_deleted_under_a_caller_ends_with_a_word() -> None:
    """The caller hears an apology, and the entry is closed."""
    walker = in_queue()
    walker.queue = None
    keys = walker.look()
    assert [walker.said(key) for key in keys] == [wording.SORRY]
    assert walker.left == [Outcome.TECHNICAL]


def test_a_call_back_is_offered_once() -> None:
    """After 90 s, in the place of an announcement, the caller is asked once."""
    walker = in_queue(SELDOM)
    keys = walker.wait(91)
    offers = [key for key in keys if isinstance(walker.given[key], Gather)]
    assert len(offers) == 1
    assert "press 1" in walker.said(offers[0])
    walker.finish(offers[0], ResultStatus.TIMED_OUT)
    assert not [key for key in walker.wait(60) if isinstance(walker.given[key], Gather)]


def test_a_long_expected_wait_brings_the_offer_forward() -> None:
    """With more than two minutes to wait the first word is the offer."""
    walker = in_queue(OFFERING)
    walker.standing.position = 9
    walker.standing.average_handle = HandleTime(timedelta(minutes=5), 10)
    keys = walker.wait(20)
    assert isinstance(walker.given[keys[-1]], Gather)


def test_who_takes_the_call_back_keeps_the_place() -> None:
    """The entry waits on as a call back; the caller is thanked, and hanging up changes nothing."""
    walker = in_queue(SELDOM)
    offer = walker.wait(91)[-1]
    keys = walker.finish(offer, digits="1")
    assert KeepPlace("entry-1", ADA) in walker.actions
    assert [walker.said(key) for key in keys] == [wording.CALLBACK_NOTED]
    walker.hang_up()
    assert walker.left == []


def test_a_place_that_cannot_be_kept_is_waited_in() -> None:
    """When an agent is being rung already the wait goes on."""
    walker = in_queue(SELDOM)
    offer = walker.wait(91)[-1]
    assert walker.entry is not None
    walker.entry = replace(walker.entry, state=EntryState.OFFERED)
    keys = walker.finish(offer, digits="1")
    assert walker.phase is Phase.WAITING
    assert isinstance(walker.given[keys[-1]], Play)


def test_the_anonymous_are_offered_nothing() -> None:
    """Who has no number cannot be called back."""
    walker = Walker(plan(entry="queue"), queue=OFFERING)
    walker.call = replace(walker.call, caller=Caller(CallerKind.WITHHELD, "", "anonymous"))
    walker.answer()
    assert not [key for key in walker.wait(150) if isinstance(walker.given[key], Gather)]


def test_a_waiting_texml_caller_hears_what_is_due() -> None:
    """Each request brings the music, or the word that is due with the music after it."""
    walker = Walker(plan(entry="queue"), queue=OFFERING)
    walker.call = replace(walker.call, steering=Steering.TEXML)
    walker.look()
    kinds: list[list[type]] = []
    for _ in range(5):
        assert walker.entry is not None
        walker.journey, gives = heard(walker.journey, walker.entry, walker.situation)
        kinds.append([type(give.command) for give in gives])
        walker.now += timedelta(seconds=25)
    assert kinds == [[Play], [Speak, Play], [Play], [Play], [Gather]]
    assert walker.look() == []
