"""Every order of events, restarts at every point, and whatever else may happen to a walk."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice.calls.command import HangUp, StopPlayback
from services.voice.calls.model import (
    Call,
    CommandKind,
    Hangup,
    Refusal,
    Result,
    ResultStatus,
    State,
    Steering,
)
from services.voice.journeys import rows
from services.voice.journeys.model import Phase
from services.voice.queues.model import EntryState, NotEntered, Outcome
from services.voice.routing.inputs import Inputs
from tests.unit.voice.journeys.plans import PLAN, STEPS, plan
from tests.unit.voice.journeys.walker import SECOND, START, Walker

KIND = CommandKind.SPEAK
SAID = Result("1.say", KIND, START + 3 * SECOND)
CHOSEN = Result("2.menu.1", KIND, START + 4 * SECOND, digits="2")
GREETED = Result("3.greeting", KIND, START + 5 * SECOND)
RECORDED = Result("3.record", KIND, START + 6 * SECOND, recording_id="rec-1")
END = Hangup(START + 7 * SECOND, "normal_clearing", "caller")
FACTS: list[dict[str, object]] = [
    {"answered": START + SECOND},
    {"results": frozenset({SAID})},
    {"results": frozenset({CHOSEN})},
    {"results": frozenset({GREETED})},
    {"results": frozenset({RECORDED})},
    {"hung_up": END},
]
EXPECTED = {"answer", "1.say", "2.menu.1", "3.greeting", "3.record", "3.goodbye", "3.hang_up.1"}


@pytest.mark.parametrize("twice", [False, True])
def test_every_order_of_events_ends_alike(twice: bool) -> None:
    """All 720 orders, repeated or not, end over, command nothing else and nothing after the end."""
    for order in itertools.permutations(FACTS):
        walker = Walker(PLAN)
        walker.look()
        for fact in order:
            gone = walker.call.hung_up is not None
            for _ in range(2 if twice else 1):
                anew = walker.hear(**fact)
                assert not (gone and anew), anew
            assert walker.journey_again() == walker.journey
        assert walker.phase is Phase.OVER
        assert set(walker.given) <= EXPECTED
        recorded = "3.record" in walker.given
        assert walker.journey.voicemail == ""
        assert ("rec-1" in {getattr(each, "recording_id", "") for each in walker.actions}) == (
            recorded
        )


def test_a_restart_at_every_point_changes_nothing() -> None:
    """A look that is lost and made again, from the stored journey, comes to the same commands."""
    straight = _told(Walker(PLAN))
    for lost in range(len(FACTS) + 1):
        walker = Walker(PLAN)
        walker.look()
        for number, fact in enumerate(FACTS):
            if number == lost:
                before = (walker.journey, dict(walker.given), walker.call, walker.now)
                walker.hear(**fact)
                walker.journey, walker.given, walker.call, walker.now = before
                walker.journey = rows.journey(rows.values(walker.journey))
            walker.hear(**fact)
        assert walker.given == straight.given
        assert walker.journey == straight.journey


def _told(walker: Walker) -> Walker:
    walker.look()
    for fact in FACTS:
        walker.hear(**fact)
    return walker


NAMES = ["say", "menu.1", "menu.2", "greeting", "record", "offer", "wait.0", "wait.1"]
KEYS = st.sampled_from([f"{visit}.{name}" for visit in range(1, 6) for name in NAMES])
HAPPENINGS = st.one_of(
    st.tuples(st.just("result"), KEYS, st.sampled_from(ResultStatus), st.sampled_from("0123479")),
    st.tuples(st.just("refusal"), KEYS),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.5, 5.0, 25.0, 70.0, 400.0])),
    st.tuples(st.just("given"), st.sampled_from(ResultStatus), st.sampled_from("0123479")),
    st.tuples(st.just("agent"), st.sampled_from(EntryState), st.sampled_from(Outcome)),
    st.tuples(st.just("queue gone")),
    st.tuples(st.just("plan gone")),
    st.tuples(st.just("answered")),
    st.tuples(st.just("hung up")),
)


@settings(max_examples=200, deadline=None)
@given(
    entry=st.sampled_from([step.step_id for step in STEPS]),
    refuses=st.sampled_from([None, *NotEntered]),
    steering=st.sampled_from([Steering.COMMANDS, Steering.TEXML]),
    music=st.sampled_from(["", "https://media.example.com/hold.mp3"]),
    happenings=st.lists(HAPPENINGS, max_size=15),
)
def test_whatever_happens_nobody_is_left_in_silence(
    entry: str,
    refuses: NotEntered | None,
    steering: Steering,
    music: str,
    happenings: list[tuple[object, ...]],
) -> None:
    """Any events in any order: no look fails, asking again changes nothing, and one more is due."""
    walker = Walker(plan(entry=entry), refuses=refuses, music=music)
    walker.call = replace(walker.call, steering=steering)
    walker.look()
    for happening in happenings:
        _happen(walker, *happening)
        assert walker.journey_again() == walker.journey
        rest = (Phase.ARRIVING, Phase.TALKING, Phase.OVER)
        given_up = walker.phase is Phase.ENDING and walker.journey.attempt >= 3
        assert walker.next_look is not None or walker.phase in rest or given_up
        assert (walker.phase is Phase.OVER) == (walker.call.hung_up is not None)
    keys = [key for key, command in walker.given.items() if isinstance(command, HangUp)]
    assert len(keys) <= 3
    stops = [key for key, each in walker.given.items() if isinstance(each, StopPlayback)]
    assert all(key.removesuffix(".quiet") in walker.given for key in stops)


def _happen(walker: Walker, what: object, *facts: object) -> None:
    match what:
        case "result":
            key, status, digits = facts
            result = Result(str(key), KIND, walker.now, status, digits=str(digits))  # type: ignore[arg-type]
            walker.hear(results=frozenset({result}))
        case "given" if walker.given:
            status, digits = facts
            walker.finish(list(walker.given)[-1], status, digits=str(digits))  # type: ignore[arg-type]
        case "refusal":
            walker.hear(refused=frozenset({Refusal(str(facts[0]), "10015")}))
        case "wait":
            walker.wait(float(str(facts[0])))
        case "agent" if walker.entry is not None and walker.entry.is_alive:
            state, outcome = facts
            left = state is EntryState.LEFT
            walker.agent(state, outcome if left else None)  # type: ignore[arg-type]
        case "queue gone":
            walker.queue = None
            walker.look()
        case "plan gone":
            walker.plan = plan(STEPS[-1])
            walker.plan = replace(walker.plan, listed=STEPS[-1:], entry_step_id="closed")
            walker.look()
        case "answered":
            walker.hear(answered=walker.now)
        case "hung up":
            walker.hang_up()


def test_a_hundred_random_days_are_repeatable() -> None:
    """The same events give the same keys, texts and journey, however often they are replayed."""
    source = random.Random(7)
    for _ in range(100):
        order = source.sample(FACTS, k=source.randint(1, len(FACTS)))
        first, second = Walker(PLAN, inputs=Inputs()), Walker(PLAN, inputs=Inputs())
        for walker in (first, second):
            walker.look()
            for fact in order:
                walker.hear(**fact)
        assert (first.given, first.journey) == (second.given, second.journey)


def test_a_leg_without_its_answer_event_walks_on() -> None:
    """Whatever proves that the call was answered counts as the answer."""
    walker = Walker(PLAN)
    walker.look()
    walker.hear(speech_started=START)
    assert walker.call.state is State.IVR
    assert walker.journey.step_id == "greeting"
    assert Call(leg_id="leg-1").answered is None
