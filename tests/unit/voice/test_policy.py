"""What voice does about a call."""

import itertools
from dataclasses import replace
from functools import reduce

import pytest

from services.voice.calls.command import (
    Answer,
    Command,
    Enqueue,
    HangUp,
    Reject,
    Speak,
    command_id,
)
from services.voice.calls.model import (
    Call,
    Caller,
    CallerKind,
    Direction,
    Lookup,
    LookupOutcome,
    Refusal,
    Steering,
)
from services.voice.policy import (
    NAME_LIMIT,
    SPEECH_LIMIT,
    Policy,
    Step,
    instructions,
    next_commands,
    wants_lookup,
)
from tests.support import sightings as seen
from tests.support.sightings import ADA, OURS, POLICY

VIP = Lookup(LookupOutcome.FOUND, True, 1, "Ada Lovelace", "en-US")
KNOWN = Lookup(LookupOutcome.FOUND, False, 1, "Grace Hopper")
FAILED = Lookup(LookupOutcome.UNAVAILABLE)
NAMING = replace(POLICY, named_greeting="Hello {name}.")


def following(call: Call, policy: Policy = POLICY) -> list[Command]:
    """Return what a call needs next."""
    return [command for _, command in next_commands(call, policy)]


def after(*events: Call) -> list[Command]:
    """Return what follows when exactly these events are known."""
    return following(reduce(Call.join, events))


def test_an_inbound_call_is_answered() -> None:
    """A call to one of our numbers is taken."""
    assert after(seen.INITIATED) == [Answer()]


def test_an_answered_call_is_greeted() -> None:
    """Once answered, the caller hears the greeting."""
    assert after(seen.INITIATED, seen.ANSWERED) == [Speak("Please hold.")]


def test_a_greeting_that_plays_is_not_interrupted() -> None:
    """Nothing is commanded while the greeting plays."""
    assert after(seen.INITIATED, seen.ANSWERED, seen.SPEECH_STARTED) == []


def test_a_greeted_caller_waits_for_support() -> None:
    """When the greeting has been heard the caller goes into the queue."""
    assert after(seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED) == [Enqueue("support")]


def test_a_vip_waits_in_the_priority_queue() -> None:
    """A VIP goes into the priority queue, anybody else that is known does not."""
    greeted = seen.INITIATED.join(seen.SPEECH_ENDED)
    vip, known, failed = (replace(greeted, lookup=found) for found in (VIP, KNOWN, FAILED))
    assert following(vip) == [Enqueue("priority")]
    assert following(known) == [Enqueue("support")]
    assert following(failed) == [Enqueue("support")]


@pytest.mark.parametrize("last", [seen.QUEUED, seen.DEQUEUED, seen.BRIDGED, seen.HUNG_UP])
def test_nothing_is_commanded_once_the_caller_is_queued_connected_or_gone(last: Call) -> None:
    """The inbound policy ends with the queue."""
    assert after(seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED, last) == []


def test_a_caller_who_hangs_up_during_the_greeting_is_not_queued() -> None:
    """Speech that was cut short is followed by nothing: the hangup is on its way."""
    assert after(seen.INITIATED, seen.ANSWERED, seen.SPEECH_CUT_SHORT) == []


def test_a_call_parked_after_the_longest_wait_is_ended() -> None:
    """A call that times out of its queue would stay parked in silence, so it is hung up."""
    assert after(seen.INITIATED, seen.QUEUED, seen.TIMED_OUT) == [HangUp()]


@pytest.mark.parametrize(
    ("refused", "events", "expected"),
    [
        (Step.ANSWER, [seen.INITIATED], []),
        (Step.GREET, [seen.INITIATED, seen.ANSWERED], [Enqueue("support")]),
        (Step.ENQUEUE, [seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED], [HangUp()]),
    ],
)
def test_a_refused_step_never_leaves_a_caller_in_silence(
    refused: Step, events: list[Call], expected: list[Command]
) -> None:
    """A greeting that cannot be spoken is skipped, a queue that cannot be entered ends the call."""
    assert after(*events, replace(seen.LEG, refused=frozenset({Refusal(refused)}))) == expected


def test_a_call_answered_before_its_start_is_known_is_not_answered_again() -> None:
    """With `call.initiated` missing the call is greeted, and never answered when it turns up."""
    assert after(seen.ANSWERED) == [Speak("Please hold.")]
    assert after(seen.ANSWERED, seen.INITIATED) == [Speak("Please hold.")]


def test_our_own_outgoing_leg_is_left_alone() -> None:
    """A leg we dialled gets no command, not even one to a number of ours."""
    outgoing = replace(seen.INITIATED, direction=Direction.OUTBOUND)
    assert after(outgoing) == after(outgoing, seen.ANSWERED) == []
    assert not wants_lookup(outgoing, POLICY)


def test_an_outgoing_leg_is_left_alone_before_its_direction_is_known() -> None:
    """A leg from our number is not taken for a caller while only its answer is known."""
    swapped = replace(
        seen.ANSWERED,
        caller=Caller(CallerKind.NUMBER, OURS, OURS),
        called_number=ADA,
        raw_called=ADA,
    )
    between_ours = replace(swapped, called_number=OURS, raw_called=OURS)
    assert after(swapped) == after(between_ours) == []
    assert after(between_ours, replace(seen.LEG, direction=Direction.INBOUND)) == [
        Speak("Please hold.")
    ]


def test_a_call_to_an_unknown_number_is_left_alone() -> None:
    """A number that is not ours to serve gets no command and no lookup."""
    elsewhere = replace(seen.INITIATED, called_number="+12025550199")
    assert after(elsewhere) == []
    assert not wants_lookup(elsewhere, POLICY)


def test_a_texml_call_gets_no_commands() -> None:
    """A call that is steered by documents is never commanded."""
    assert after(replace(seen.INITIATED, steering=Steering.TEXML)) == []


@pytest.mark.parametrize(
    "caller",
    [
        Caller(CallerKind.WITHHELD, "", "anonymous"),
        Caller(CallerKind.SIP, "", "sip:ada@example.com"),
        Caller(CallerKind.MALFORMED, "", "asterisk"),
        Caller(),
    ],
)
def test_a_weak_caller_id_is_served_without_a_lookup(caller: Caller) -> None:
    """Whoever cannot be looked up is answered like anybody unknown."""
    call = replace(seen.INITIATED, caller=caller)
    assert following(call) == [Answer()]
    assert not wants_lookup(call, POLICY)
    assert following(call.join(seen.SPEECH_ENDED)) == [Enqueue("support")]


def test_the_caller_is_looked_up_once() -> None:
    """A lookup is wanted until there is an answer."""
    assert wants_lookup(seen.INITIATED, POLICY)
    assert not wants_lookup(replace(seen.INITIATED, lookup=KNOWN), POLICY)


def test_a_failed_lookup_is_tried_again_until_it_no_longer_matters() -> None:
    """After a failure the next event asks again, but not once the caller is queued or gone."""
    failed = replace(seen.INITIATED, lookup=FAILED)
    assert wants_lookup(failed.join(seen.ANSWERED), POLICY)
    assert not wants_lookup(failed.join(seen.QUEUED), POLICY)
    assert not wants_lookup(failed.join(seen.QUEUED).join(seen.TIMED_OUT), POLICY)
    assert not wants_lookup(failed.join(seen.HUNG_UP), POLICY)


def test_nobody_is_greeted_by_name_unless_asked_for() -> None:
    """Without a named greeting a proven caller hears the plain one."""
    proven = replace(seen.ANSWERED, lookup=VIP, attestation="A", attestation_validated=True)
    assert following(proven) == [Speak("Please hold.")]


@pytest.mark.parametrize(
    ("attestation", "validated", "text"),
    [
        ("A", True, "Hello Ada Lovelace."),
        ("a", True, "Hello Ada Lovelace."),
        ("A", False, "Please hold."),
        ("B", True, "Please hold."),
        ("C", True, "Please hold."),
        ("", False, "Please hold."),
    ],
)
def test_a_name_is_said_only_to_a_proven_caller(
    attestation: str, validated: bool, text: str
) -> None:
    """A forged number never makes us say whose it is."""
    call = replace(
        seen.ANSWERED, lookup=VIP, attestation=attestation, attestation_validated=validated
    )
    assert following(call, NAMING) == [Speak(text)]


def test_no_name_is_said_when_several_people_share_the_number() -> None:
    """A lookup without a single name gives the plain greeting."""
    shared = Lookup(LookupOutcome.FOUND, True, 2)
    call = replace(seen.ANSWERED, lookup=shared, attestation="A", attestation_validated=True)
    assert following(call, NAMING) == [Speak("Please hold.")]


def test_names_are_cleaned_and_cut() -> None:
    """Control characters are dropped, a name is short, and a name cannot reach the template."""
    names = {"Ada\r\n\x00\u202e Lovelace": "Ada Lovelace", "{name}": "{name}", "\x00": None}
    for name, said in names.items():
        lookup = replace(VIP, display_name=name)
        call = replace(seen.ANSWERED, lookup=lookup, attestation="A", attestation_validated=True)
        assert following(call, NAMING) == [Speak(f"Hello {said}." if said else "Please hold.")]
    endless = replace(VIP, display_name="x" * 5000)
    call = replace(seen.ANSWERED, lookup=endless, attestation="A", attestation_validated=True)
    assert NAMING.greeting_for(call) == f"Hello {'x' * NAME_LIMIT}."


def test_a_greeting_fits_the_carrier() -> None:
    """What is spoken never has more than 3000 characters."""
    wordy = replace(POLICY, greeting="x" * (SPEECH_LIMIT + 1))
    assert len(wordy.greeting_for(seen.ANSWERED)) == SPEECH_LIMIT


def test_instructions_say_it_all_at_once() -> None:
    """A TeXML call is greeted and queued in one answer; a number not ours is refused."""
    call = replace(seen.INITIATED, steering=Steering.TEXML)
    assert instructions(call, POLICY) == [Speak("Please hold."), Enqueue("support")]
    assert instructions(replace(call, lookup=VIP), POLICY)[1] == Enqueue("priority")
    assert instructions(replace(call, called_number="+12025550199"), POLICY) == [Reject()]


def test_command_ids_are_stable_and_distinct() -> None:
    """The id of a step of a leg is fixed for ever, and no two are the same."""
    assert command_id("leg-1", Step.ANSWER) == "0c1f69ca-0f42-5573-a1cf-e2ecba234993"
    ids = {command_id(leg, step) for leg in ("leg-1", "leg-2") for step in Step}
    assert len(ids) == 2 * len(Step)


def test_steps_are_commanded_at_most_once_in_every_order() -> None:
    """Over all 720 orders no step has two different commands, and a full call gets all three."""
    events = [
        seen.INITIATED,
        seen.ANSWERED,
        seen.SPEECH_STARTED,
        seen.SPEECH_ENDED,
        seen.QUEUED,
        seen.HUNG_UP,
    ]
    for order in itertools.permutations(events):
        commanded: dict[Step, Command] = {}
        call = seen.LEG
        for event in order:
            call = call.join(event)
            for step, command in next_commands(call, POLICY):
                assert commanded.setdefault(step, command) == command
            if call.hung_up:
                break
        assert set(commanded) <= {Step.ANSWER, Step.GREET, Step.ENQUEUE}
        if list(order) == events:
            assert list(commanded) == [Step.ANSWER, Step.GREET, Step.ENQUEUE]
