"""What a caller meets on the way through a plan."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.voice.calls.command import (
    Answer,
    Enqueue,
    Gather,
    HangUp,
    Play,
    Record,
    Speak,
    Transfer,
)
from services.voice.calls.model import Call, Caller, CallerKind, Hangup, ResultStatus, Steering
from services.voice.journeys import wording
from services.voice.journeys.actions import CloseVoicemail, Decide, Enter, OpenVoicemail
from services.voice.journeys.model import Phase
from services.voice.queues.model import Kind, NotEntered, Outcome
from services.voice.routing.inputs import Input, InputState, Name, Source, inputs
from services.voice.routing.plan import Branch, HangUpStep, Say
from services.voice.routing.prompts import Prompt
from tests.unit.voice.journeys.plans import CLOSED, MENU, PLAN, VOICEMAIL, plan
from tests.unit.voice.journeys.walker import START, Walker


def known(**values: object) -> Input:
    """Return one input that was found."""
    ((name, value),) = values.items()
    return Input(Name[name], value, Source.CRM, InputState.FOUND)  # type: ignore[arg-type]


def in_menu() -> Walker:
    """Return a caller who is being asked."""
    walker = Walker(PLAN)
    walker.answer()
    walker.finish("1.say")
    return walker


def test_a_call_is_answered_greeted_and_asked() -> None:
    """Each fact brings the next command under its own key."""
    walker = Walker(PLAN)
    assert walker.look() == ["answer"]
    assert isinstance(walker.given["answer"], Answer)
    assert walker.hear(answered=START) == ["1.say"]
    assert walker.said("1.say") == "Welcome."
    assert walker.finish("1.say") == ["2.menu.1"]
    gather = walker.given["2.menu.1"]
    assert isinstance(gather, Gather)
    assert (gather.valid_digits, gather.max_digits) == ("012349", 1)
    assert gather.speech_hints == ("support", "message")


@pytest.mark.parametrize(
    ("digits", "speech", "step"),
    [("1", "", "queue"), ("", "Message.", "voicemail"), ("0", "", "queue"), ("1#", "", "queue")],
)
def test_a_choice_leads_on(digits: str, speech: str, step: str) -> None:
    """Keys, words and zero for a human choose the next step."""
    walker = in_menu()
    walker.finish("2.menu.1", digits=digits, speech=speech)
    assert walker.journey.step_id == step


def test_nothing_chosen_is_asked_again_and_then_fails() -> None:
    """Silence and keys nobody asked for repeat the question with a word, three times in all."""
    walker = in_menu()
    assert walker.finish("2.menu.1", ResultStatus.TIMED_OUT) == ["2.menu.2"]
    assert walker.said("2.menu.2") == "Sorry? Press 1 for support, 2 for a message."
    assert walker.finish("2.menu.2", ResultStatus.INVALID, digits="7") == ["2.menu.3"]
    walker.finish("2.menu.3", digits="77")
    assert walker.journey.step_id == "queue"
    assert walker.phase is Phase.WAITING


def test_a_result_of_another_step_chooses_nothing() -> None:
    """What was pressed at a step before counts for nothing at this one."""
    walker = in_menu()
    walker.finish("1.menu.1", digits="9")
    walker.finish("7.menu.1", digits="9")
    assert (walker.journey.step_id, walker.journey.attempt) == ("menu", 1)


def test_a_file_is_played_before_it_is_asked() -> None:
    """A menu with an audio file plays it and then collects keys in silence."""
    audio = replace(MENU, prompt=Prompt(audio_url="https://media.example.com/menu.mp3"))
    walker = Walker(plan(audio, entry="menu"))
    assert walker.answer() == ["1.menu.1.prompt"]
    assert isinstance(walker.given["1.menu.1.prompt"], Play)
    assert walker.finish("1.menu.1.prompt") == ["1.menu.1"]
    assert walker.said("1.menu.1") == ""


def test_only_the_proven_are_called_by_name() -> None:
    """A name is said with a verified attestation A, and without what no voice can say."""
    facts = [known(DISPLAY_NAME="Ada\n\x07 Lovelace"), known(ATTESTATION="A")]
    for given, text in ((facts, "Welcome, Ada Lovelace."), (facts[:1], "Welcome.")):
        walker = Walker(PLAN, inputs=inputs(given))
        walker.answer()
        assert walker.said("1.say") == text


def test_a_branch_is_decided_and_kept() -> None:
    """The way taken is kept with every way that was weighed, under the visit."""
    walker = Walker(PLAN, inputs=inputs([known(VIP=True)]))
    walker.answer()
    walker.finish("1.say")
    walker.finish("2.menu.1", digits="1")
    decided = [each for each in walker.actions if isinstance(each, Decide)]
    assert [(each.visit, each.step_id, each.outcome) for each in decided] == [
        (3, "vip", "vip"),
        (4, "queue", "support"),
    ]
    assert decided[0].considered[0].accepted


@pytest.mark.parametrize(
    ("refusal", "step"),
    [(NotEntered.QUEUE_FULL, "callback"), (NotEntered.QUEUE_CLOSED, "closed")],
)
def test_a_queue_that_takes_nobody_leads_elsewhere(refusal: NotEntered, step: str) -> None:
    """A full and a closed queue have ways of their own."""
    walker = Walker(plan(entry="queue"), refuses=refusal)
    walker.answer()
    assert walker.journey.step_id == step


def test_a_missing_queue_ends_the_call_with_a_word() -> None:
    """A queue that was deleted is not fallen into: the caller hears an apology."""
    walker = Walker(plan(entry="queue"), refuses=NotEntered.QUEUE_UNKNOWN)
    assert walker.answer() == ["1.goodbye"]
    assert walker.said("1.goodbye") == wording.SORRY
    assert walker.finish("1.goodbye") == ["1.hang_up.1"]


def test_a_message_is_recorded_and_filed() -> None:
    """After the tone the caller is recorded; the recording closes the voicemail."""
    walker = Walker(plan(VOICEMAIL))
    walker.answer()
    assert walker.finish("1.greeting") == ["1.record"]
    record = walker.given["1.record"]
    assert isinstance(record, Record)
    assert (record.max_length, record.silence, record.beep) == (
        VOICEMAIL.max_length,
        VOICEMAIL.max_silence,
        True,
    )
    assert OpenVoicemail("1.record", "voicemail", "", "") in walker.actions
    assert walker.finish("1.record", recording_id="rec-1") == ["1.goodbye"]
    assert walker.said("1.goodbye") == wording.MESSAGE_TAKEN
    closed = [each for each in walker.actions if isinstance(each, CloseVoicemail)]
    assert [(each.key, each.recording_id) for each in closed] == [("1.record", "rec-1")]


def test_a_message_of_a_caller_who_is_gone_is_filed() -> None:
    """The recording comes after the end of the call, and counts."""
    walker = Walker(plan(VOICEMAIL))
    walker.answer()
    walker.finish("1.greeting")
    walker.hang_up()
    assert walker.phase is Phase.OVER
    assert walker.next_look is not None
    walker.finish("1.record", recording_id="rec-1")
    assert isinstance(walker.actions[-1], CloseVoicemail)
    assert walker.journey.voicemail == ""


@pytest.mark.parametrize("how", ["never", "refused"])
def test_a_message_that_never_comes_is_empty(how: str) -> None:
    """A recording that does not come, and one the carrier refuses, leave an empty voicemail."""
    walker = Walker(plan(VOICEMAIL))
    walker.answer()
    walker.finish("1.greeting")
    if how == "refused":
        walker.refuse("1.record")
    else:
        walker.hang_up()
        walker.wait(3600)
    assert [each for each in walker.actions if isinstance(each, CloseVoicemail)] == [
        CloseVoicemail("1.record")
    ]


def test_a_call_back_is_noted_without_waiting() -> None:
    """Whoever presses 1 keeps a place in line and is let go; hanging up does not give it up."""
    walker = Walker(plan(entry="callback"))
    assert walker.answer() == ["1.offer"]
    assert walker.finish("1.offer", digits="1") == ["1.accepted"]
    enter = next(each for each in walker.actions if isinstance(each, Enter))
    assert (enter.kind, enter.queue_id) == (Kind.CALLBACK, "support")
    walker.hang_up()
    assert walker.left == []


@pytest.mark.parametrize("kind", [CallerKind.WITHHELD, CallerKind.SIP, CallerKind.MALFORMED])
def test_who_has_no_number_is_offered_no_call_back(kind: CallerKind) -> None:
    """Anonymous, SIP and malformed callers go on as if they had declined."""
    walker = Walker(plan(entry="callback"))
    walker.call = replace(walker.call, caller=Caller(kind, "", "sip:ada@example.com"))
    assert walker.answer() == ["2.greeting"]
    assert walker.journey.step_id == "voicemail"


def test_a_transfer_that_is_answered_ends_with_it() -> None:
    """While the other party talks nothing is done; when they hang up the caller is let go."""
    walker = Walker(plan(entry="transfer"))
    walker.answer()
    assert walker.finish("1.say") == ["1.transfer"]
    transfer = walker.given["1.transfer"]
    assert isinstance(transfer, Transfer)
    assert (transfer.to, transfer.from_number) == ("+13125550150", walker.call.called_number)
    walker.transfer = Call(leg_id="leg-2", answered=walker.now)
    assert walker.look() == []
    assert (walker.phase, walker.next_look) == (Phase.TALKING, None)
    walker.transfer = replace(walker.transfer, hung_up=_end(walker))
    assert walker.look() == ["1.goodbye"]


@pytest.mark.parametrize("how", ["busy", "refused", "lost"])
def test_a_transfer_that_fails_goes_on(how: str) -> None:
    """Nobody there, a refusal and news that never come lead to the step for failures."""
    walker = Walker(plan(entry="transfer"))
    walker.answer()
    walker.finish("1.say")
    if how == "busy":
        walker.transfer = Call(leg_id="leg-2", hung_up=_end(walker))
        walker.look()
    elif how == "refused":
        walker.refuse("1.transfer")
    else:
        walker.wait(60)
    assert walker.journey.step_id == "queue"


def test_a_transfer_told_by_a_document_ends_with_its_result() -> None:
    """A TeXML leg says by itself how it went with the other party."""
    for status, key in ((ResultStatus.COMPLETED, "1.goodbye"), (ResultStatus.FAILED, "2.wait.0")):
        walker = Walker(plan(entry="transfer"))
        walker.answer()
        walker.finish("1.say")
        assert walker.finish("1.transfer", status) == [key]


def test_the_last_word_comes_before_hanging_up() -> None:
    """A call ends with a word; a call that stays is hung up again, a few times."""
    walker = Walker(plan(CLOSED))
    assert walker.answer() == ["1.say"]
    assert walker.finish("1.say") == ["1.hang_up.1"]
    assert isinstance(walker.given["1.hang_up.1"], HangUp)
    assert walker.wait(3600) == ["1.hang_up.2", "1.hang_up.3"]
    assert walker.hang_up() == []
    assert walker.phase is Phase.OVER


def test_lost_events_hold_nobody_up() -> None:
    """A word whose end is never told counts as said after a while."""
    walker = Walker(PLAN)
    walker.answer()
    assert walker.wait(120)[0] == "2.menu.1"


def test_refused_words_are_skipped() -> None:
    """What the carrier will not say is passed over."""
    walker = Walker(PLAN)
    walker.answer()
    assert walker.refuse("1.say") == ["2.menu.1"]


def test_a_call_that_cannot_be_answered_is_ended() -> None:
    """A refusal to answer leads to hanging up."""
    walker = Walker(PLAN)
    walker.look()
    assert walker.refuse("answer") == ["0.hang_up.1"]


def test_the_step_of_a_changed_plan_is_missing() -> None:
    """A step that is not in the plan ends the call with an apology."""
    walker = Walker(plan(Say(step_id="first", prompt=Prompt("Hi."), next_step_id="nowhere")))
    walker.answer()
    assert walker.finish("1.say") == ["2.goodbye"]
    assert walker.said("2.goodbye") == wording.SORRY


def test_a_plan_that_goes_round_ends() -> None:
    """Branches without end are left with an apology."""
    there = Branch(step_id="there", cases=(), otherwise_step_id="back")
    back = Branch(step_id="back", cases=(), otherwise_step_id="there")
    walker = Walker(plan(there, back))
    walker.answer()
    assert (walker.phase, walker.journey.end) == (Phase.ENDING, "plan goes round")
    assert [walker.said(key) for key in walker.given if "goodbye" in key] == [wording.SORRY]


def test_an_end_without_a_word_says_goodbye() -> None:
    """A way that leads nowhere ends politely."""
    walker = in_menu()
    assert walker.finish("2.menu.1", digits="9") == ["2.goodbye"]
    assert walker.said("2.goodbye") == wording.GOODBYE


def test_a_texml_caller_waits_where_the_leg_can_ask() -> None:
    """A TeXML leg needs no answer and is put into a queue of its own at the carrier."""
    walker = Walker(plan(entry="queue"))
    walker.call = replace(walker.call, steering=Steering.TEXML)
    assert walker.look() == ["1.queue.0"]
    assert walker.given["1.queue.0"] == Enqueue("caller-1", timedelta(hours=4))


def test_who_hangs_up_at_once_is_over() -> None:
    """A caller who is gone before being answered gets no command."""
    walker = Walker(PLAN)
    assert walker.hang_up() == []
    assert (walker.phase, walker.given) == (Phase.OVER, {})


def test_who_hangs_up_while_waiting_has_given_up() -> None:
    """The place in line is given up once."""
    walker = Walker(plan(entry="queue"))
    walker.answer()
    walker.hang_up()
    walker.look()
    assert walker.left == [Outcome.ABANDONED]


def test_words_are_spoken_as_they_are() -> None:
    """A step that hangs up without a word says none."""
    walker = Walker(plan(HangUpStep(step_id="bye")))
    assert walker.answer() == ["1.hang_up.1"]
    assert not [each for each in walker.given.values() if isinstance(each, Speak)]


def _end(walker: Walker) -> Hangup:
    return Hangup(walker.now, "normal_clearing", "callee")
