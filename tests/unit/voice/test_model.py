"""A call is the join of what its events say."""

import itertools
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.voice.calls.model import (
    Call,
    Caller,
    CallerKind,
    CommandKind,
    DequeueReason,
    Direction,
    Hangup,
    Lookup,
    LookupOutcome,
    QueueEntry,
    QueueExit,
    Refusal,
    Result,
    ResultStatus,
    Role,
    SpeechEnd,
    State,
    Steering,
    identified,
    placed,
)
from tests.support import sightings as seen

SIX_EVENT_CALLS = {
    "served": [
        seen.INITIATED,
        seen.ANSWERED,
        seen.SPEECH_ENDED,
        seen.QUEUED,
        seen.DEQUEUED,
        seen.HUNG_UP,
    ],
    "abandoned": [
        seen.INITIATED,
        seen.ANSWERED,
        seen.SPEECH_STARTED,
        seen.SPEECH_ENDED,
        seen.QUEUED,
        seen.GAVE_UP,
    ],
    "connected": [
        seen.INITIATED,
        seen.SPEECH_STARTED,
        seen.SPEECH_ENDED,
        seen.QUEUED,
        seen.DEQUEUED,
        seen.BRIDGED,
    ],
}
FINAL_STATES = {"served": State.HUNG_UP, "abandoned": State.IVR, "connected": State.BRIDGED}


def joined(events: Iterable[Call]) -> Call:
    """Join events in the order given."""
    return reduce(Call.join, events)


@pytest.mark.parametrize("name", SIX_EVENT_CALLS)
def test_every_order_of_six_events_makes_the_same_call(name: str) -> None:
    """All 720 orders of a six-event call end in the same call, down to its last field."""
    calls = {joined(order) for order in itertools.permutations(SIX_EVENT_CALLS[name])}
    assert len(calls) == 1
    assert calls.pop().state is FINAL_STATES[name]


@pytest.mark.parametrize("name", SIX_EVENT_CALLS)
def test_duplicates_change_nothing(name: str) -> None:
    """Every event twice, in any place, makes the call that every event once makes."""
    events = SIX_EVENT_CALLS[name]
    assert joined([*events, *reversed(events)]) == joined(events)


@pytest.mark.parametrize("name", SIX_EVENT_CALLS)
def test_no_missing_event_loses_the_state(name: str) -> None:
    """Whichever single event but the last is lost, the state at the end is the same."""
    events = SIX_EVENT_CALLS[name]
    for missing in range(len(events) - 1):
        remaining = [event for index, event in enumerate(events) if index != missing]
        assert joined(remaining).state is FINAL_STATES[name]


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([seen.LEG], State.NEW),
        ([seen.INITIATED], State.INITIATED),
        ([seen.ANSWERED], State.ANSWERED),
        ([seen.ANSWERED, seen.INITIATED], State.ANSWERED),
        ([seen.ANSWERED, seen.SPEECH_STARTED], State.IVR),
        ([seen.SPEECH_ENDED, seen.QUEUED], State.QUEUED),
        ([seen.QUEUED, seen.TIMED_OUT], State.IVR),
        ([seen.TIMED_OUT], State.IVR),
        ([seen.DEQUEUED], State.BRIDGED),
        ([seen.QUEUED, seen.DEQUEUED, seen.BRIDGED], State.BRIDGED),
        ([seen.HUNG_UP, seen.INITIATED, seen.ANSWERED], State.HUNG_UP),
    ],
)
def test_state_is_the_highest_rank_proven(events: list[Call], state: State) -> None:
    """The state follows from the events seen, however few of them there are."""
    assert joined(events).state is state


def test_a_caller_who_enters_a_queue_again_is_waiting_again() -> None:
    """Between IVR and QUEUED the times of the events decide, not their arrival."""
    again = replace(seen.LEG, entered_queue=QueueEntry(seen.at(120), "support"))
    for order in itertools.permutations([seen.QUEUED, seen.TIMED_OUT, again]):
        assert joined(order).state is State.QUEUED


def test_the_first_hangup_stands() -> None:
    """Of two reports of the end the earlier one is kept, whichever comes first."""
    late = replace(seen.LEG, hung_up=Hangup(seen.at(61), "time_limit", "unknown"))
    assert seen.HUNG_UP.join(late).hung_up == late.join(seen.HUNG_UP).hung_up
    assert late.join(seen.HUNG_UP).hung_up == seen.HUNG_UP.hung_up


def test_an_answer_about_the_caller_replaces_the_lack_of_one() -> None:
    """A lookup that failed gives way to one that did not, in both orders."""
    failed = replace(seen.LEG, lookup=Lookup(LookupOutcome.UNAVAILABLE))
    found = replace(seen.LEG, lookup=Lookup(LookupOutcome.FOUND, True, 1, "Ada Lovelace"))
    assert failed.join(found).lookup == found.join(failed).lookup == found.lookup


def test_a_leg_keeps_its_id() -> None:
    """Joining never renames the leg a row stands for."""
    assert replace(seen.LEG, leg_id="b").join(replace(seen.LEG, leg_id="a")).leg_id == "b"


def test_a_missing_leg_id_is_stood_in_for_by_the_control_id() -> None:
    """An event without a leg id still belongs to a leg."""
    assert identified(Call(control_id="v3:x")).leg_id == "v3:x"


def test_an_event_without_any_id_is_refused() -> None:
    """What names no call can never be handled, and says so by its reason."""
    with pytest.raises(Invalid) as caught:
        identified(Call(session_id="session-1"))
    assert caught.value.reason == "CALL_UNIDENTIFIED"


_times = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2)).map(  # noqa: DTZ001
    lambda naive: naive.replace(microsecond=0, tzinfo=seen.START.tzinfo)
)
_words = st.sampled_from(["", "a", "b"])


def _one_of_each(results: frozenset[Result]) -> frozenset[Result]:
    """Return results as a call holds them: one per key."""
    return replace(Call(), results=results).join(Call()).results


_PARTS: dict[str, st.SearchStrategy[Any]] = {
    "leg_id": st.just("leg"),
    "control_id": _words,
    "session_id": _words,
    "connection_id": _words,
    "direction": st.sampled_from(Direction),
    "steering": st.sampled_from(Steering),
    "texml_app": _words,
    "texml_queue": _words,
    "caller": st.builds(Caller, st.sampled_from(CallerKind), _words, _words),
    "called_number": _words,
    "raw_called": _words,
    "attestation": _words,
    "attestation_validated": st.booleans(),
    "lookup": st.none() | st.builds(Lookup, st.sampled_from(LookupOutcome), st.booleans()),
    "initiated": st.none() | _times,
    "answered": st.none() | _times,
    "speech_started": st.none() | _times,
    "speech_ended": st.none() | st.builds(SpeechEnd, _times, st.booleans()),
    "entered_queue": st.none() | st.builds(QueueEntry, _times, _words),
    "left_queue": st.none() | st.builds(QueueExit, _times, st.sampled_from(DequeueReason), _words),
    "bridged": st.none() | _times,
    "hung_up": st.none() | st.builds(Hangup, _times, _words, _words),
    "last_bridged": st.none() | _times,
    "caller_id_name": _words,
    "screening_result": _words,
    "diversion": _words,
    "role": st.sampled_from(Role),
    "subject": _words,
    "dial_id": _words,
    "lost": st.booleans(),
    "results": st.frozensets(
        st.builds(
            Result,
            _words,
            st.sampled_from(CommandKind),
            _times,
            st.sampled_from(ResultStatus),
            _words,
        ),
        max_size=3,
    ).map(_one_of_each),
    "refused": st.frozensets(st.builds(Refusal, _words, _words), max_size=3),
}
_calls = st.builds(Call, **_PARTS)


def test_the_laws_speak_of_every_field() -> None:
    """A field that is added to a call is added to what the laws below are tried with."""
    assert set(_PARTS) == {part.name for part in fields(Call)}


@given(_calls, _calls, _calls)
def test_joining_obeys_the_laws(a: Call, b: Call, c: Call) -> None:
    """Joining is commutative, associative and idempotent, so order and repetition cannot matter."""
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(a) == a


@given(_calls, _calls)
def test_no_event_takes_a_call_back_behind_an_end_or_a_connection(a: Call, b: Call) -> None:
    """What is hung up stays so, and what was bridged is bridged, over, or waits once more."""
    both = a.join(b)
    if a.state is State.HUNG_UP:
        assert both.state is State.HUNG_UP
    if a.bridged and both.state is not State.QUEUED:
        assert both.state >= State.BRIDGED
    if a.bridged and both.state is State.QUEUED:
        assert both.entered_queue is not None
        assert both.last_bridged is not None
        assert both.entered_queue.time > both.last_bridged


def _said_of_one_leg(parts: tuple[Call, Call], direction: Direction) -> tuple[Call, Call]:
    """Return events as one leg can have: one direction, and a subject only with a role."""
    made = []
    for part in parts:
        claimed = part.role > Role.CALLER
        subject, dial = (part.subject, part.dial_id) if claimed else ("", "")
        way = min(part.direction, direction)
        made.append(replace(part, direction=way, subject=subject, dial_id=dial))
    return made[0], made[1]


@given(st.tuples(_calls, _calls), st.sampled_from([Direction.INBOUND, Direction.UNKNOWN]))
def test_a_role_depends_on_what_is_known_and_not_on_when(
    parts: tuple[Call, Call], direction: Direction
) -> None:
    """Placing a call after each event gives what placing it once at the end gives."""
    a, b = _said_of_one_leg(parts, direction)
    at_the_end = placed(a.join(b), ("a",))
    assert placed(placed(a, ("a",)).join(b), ("a",)) == at_the_end
    assert placed(placed(b, ("a",)).join(a), ("a",)) == at_the_end


def test_a_caller_is_whoever_calls_one_of_our_numbers() -> None:
    """The direction decides, and a token that was copied from a leg of ours does not."""
    agent = replace(seen.INITIATED, role=Role.AGENT, subject="offer-1", dial_id="dial-1")
    caller = placed(agent, {seen.OURS})
    assert (caller.role, caller.subject, caller.dial_id) == (Role.CALLER, "", "")
    assert placed(agent, {"+12025550199"}).role is Role.UNKNOWN
    dialled = replace(agent, direction=Direction.OUTBOUND)
    assert placed(dialled, {seen.OURS}) == dialled


def test_a_caller_whose_agent_is_gone_waits_again() -> None:
    """Entering the queue after a conversation shows as waiting, and the next one as bridged."""
    served = seen.QUEUED.join(seen.DEQUEUED).join(seen.BRIDGED)
    assert served.state is State.BRIDGED
    back = served.join(replace(seen.LEG, entered_queue=QueueEntry(seen.at(40), "support")))
    assert back.state is State.QUEUED
    again = replace(seen.LEG, left_queue=QueueExit(seen.at(50), DequeueReason.BRIDGED))
    assert back.join(again).state is State.BRIDGED


def test_the_first_result_of_a_command_stands() -> None:
    """A second report of the same command changes nothing, whichever comes first."""
    first = Result("menu", CommandKind.GATHER, seen.at(1), ResultStatus.COMPLETED, "1")
    later = Result("menu", CommandKind.GATHER, seen.at(2), ResultStatus.TIMED_OUT)
    one, other = (replace(seen.LEG, results=frozenset({each})) for each in (first, later))
    assert one.join(other).result("menu") == other.join(one).result("menu") == first
    assert one.result("elsewhere") is None
