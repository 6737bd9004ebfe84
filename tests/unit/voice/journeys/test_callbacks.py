"""How a customer is called back: agent first, then the customer, who has to press 1."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from services.voice.calls.command import Bridge, Command, Gather, HangUp, Speak
from services.voice.calls.model import (
    Call,
    CommandKind,
    Hangup,
    Refusal,
    Result,
    ResultStatus,
)
from services.voice.journeys import wording
from services.voice.journeys.callbacks import (
    CallbackAction,
    CallingBack,
    DialCustomer,
    Done,
    Missed,
    ToAgent,
    ToCustomer,
    attend,
)
from services.voice.queues.model import Entry, EntryState, Kind, Outcome
from tests.unit.voice.journeys.walker import ADA, START

SECOND = timedelta(seconds=1)
WAITING = Entry(
    entry_id="entry-1",
    leg_id="leg-1",
    queue_id="support",
    enqueue_time=START,
    enter_time=START,
    kind=Kind.CALLBACK,
    caller_number=ADA,
)
TAKEN = replace(WAITING, state=EntryState.CONNECTED, offer_id="offer-1")
AGENT = Call(leg_id="leg-a", control_id="v3:a", answered=START)


@dataclass
class Attempt:
    """One attempt, with everything that was asked for."""

    entry: Entry | None = TAKEN
    customer: Call | None = None
    agent: Call | None = AGENT
    now: datetime = START
    dialled: datetime | None = None
    dial_failed: bool = False
    told: dict[str, Command] = field(default_factory=dict)
    look_time: datetime | None = None

    def look(self) -> Sequence[CallbackAction]:
        """Look, twice: the second look must ask for nothing new."""
        at = CallingBack(
            self.now,
            "offer-1",
            self.entry,
            self.agent,
            self.customer,
            self.dialled,
            self.dial_failed,
        )
        attempt = attend(at)
        assert attend(at) == attempt
        self.look_time = attempt.look
        for action in attempt.actions:
            if isinstance(action, ToCustomer):
                self.told.setdefault(action.key, action.command)
        return attempt.actions

    def hear(self, **facts: object) -> Sequence[CallbackAction]:
        """Let something be told of the customer's leg."""
        self.now += SECOND
        known = self.customer or Call(leg_id="leg-c", control_id="v3:c")
        self.customer = known.join(Call(leg_id="leg-c", **facts))  # type: ignore[arg-type]
        return self.look()

    def press(self, key: str, digits: str) -> Sequence[CallbackAction]:
        """Let the customer press keys, or nothing."""
        status = ResultStatus.COMPLETED if digits else ResultStatus.TIMED_OUT
        result = Result(key, CommandKind.GATHER, self.now, status, digits)
        return self.hear(results=frozenset({result}))


def answered() -> Attempt:
    """Return an attempt whose customer has picked up."""
    attempt = Attempt()
    attempt.look()
    attempt.dialled = attempt.now
    attempt.hear(answered=attempt.now)
    return attempt


def test_the_agent_hears_a_word_while_the_customer_is_called() -> None:
    """The customer is called when the agent is on the line."""
    attempt = Attempt()
    word = ToAgent("callback/offer-1/word", Speak(wording.AGENT_WAIT))
    assert list(attempt.look()) == [word, DialCustomer()]
    assert attempt.look_time is not None


def test_one_connects() -> None:
    """Whoever presses 1 is connected with the agent's leg, and is done after hanging up."""
    attempt = answered()
    assert isinstance(attempt.told["ask.1"], Gather)
    attempt.press("ask.1", "1")
    assert attempt.told["bridge"] == Bridge(control_id="v3:a")
    assert list(attempt.hear(hung_up=Hangup(attempt.now))) == [Done()]


@pytest.mark.parametrize("keys", [("", "1"), ("5", "1")])
def test_the_question_is_asked_twice(keys: tuple[str, str]) -> None:
    """Silence and other keys are asked once more."""
    attempt = answered()
    attempt.press("ask.1", keys[0])
    attempt.press("ask.2", keys[1])
    assert "bridge" in attempt.told


def test_a_machine_is_hung_up_on() -> None:
    """Nobody who presses nothing is connected: the agent must not talk to a machine."""
    attempt = answered()
    attempt.press("ask.1", "")
    actions = attempt.press("ask.2", "")
    assert list(actions) == [ToCustomer("hang_up", HangUp()), Missed()]
    assert "bridge" not in attempt.told


@pytest.mark.parametrize("how", ["busy", "dial refused", "no news", "silence", "refused"])
def test_who_is_not_reached_is_missed(how: str) -> None:
    """Busy, a refused dial, a phone that rings for too long and news that are lost all count."""
    attempt = Attempt()
    attempt.look()
    attempt.dialled = attempt.now
    match how:
        case "busy":
            actions = attempt.hear(hung_up=Hangup(attempt.now, "user_busy"))
        case "dial refused":
            attempt.dial_failed = True
            actions = attempt.look()
        case "no news":
            attempt.now += timedelta(minutes=2)
            actions = attempt.look()
        case "silence":
            attempt.hear(answered=attempt.now)
            attempt.now += timedelta(minutes=5)
            actions = attempt.look()
        case _:
            attempt.hear(answered=attempt.now)
            attempt.hear(refused=frozenset({Refusal("ask.1", "10015")}))
            actions = attempt.hear(refused=frozenset({Refusal("ask.2", "10015")}))
    assert Missed() in actions


def test_an_agent_who_is_gone_leaves_no_customer_alone() -> None:
    """A customer who picked up for nobody hears a word; one who rings is not called any more."""
    ringing = Attempt()
    ringing.look()
    ringing.entry = WAITING
    assert list(ringing.hear(initiated=ringing.now)) == [ToCustomer("hang_up", HangUp())]
    talking = answered()
    talking.entry = WAITING
    talking.look()
    assert talking.told["goodbye"] == Speak(wording.SORRY)
    said = Result("goodbye", CommandKind.SPEAK, talking.now)
    talking.hear(results=frozenset({said}))
    assert talking.told["hang_up"] == HangUp()


def test_after_the_talk_the_customer_is_let_go() -> None:
    """When the agent hangs up first the customer hears goodbye, and is hung up on at the latest."""
    attempt = answered()
    attempt.press("ask.1", "1")
    over = replace(TAKEN, state=EntryState.LEFT, outcome=Outcome.HANDLED, left_time=attempt.now)
    attempt.entry = over
    attempt.look()
    assert attempt.told["goodbye"] == Speak(wording.GOODBYE)
    assert "hang_up" not in attempt.told
    attempt.now += timedelta(minutes=1)
    attempt.look()
    assert attempt.told["hang_up"] == HangUp()


def test_another_agents_attempt_is_not_this_one() -> None:
    """An attempt whose entry another agent has taken since does nothing."""
    attempt = Attempt(entry=replace(TAKEN, offer_id="offer-2"))
    assert list(attempt.look()) == []


def test_every_order_of_events_connects_at_most_once() -> None:
    """All orders of an attempt's events end the same way for the customer: gone."""
    facts: list[dict[str, object]] = [
        {"initiated": START},
        {"answered": START + SECOND},
        {"results": frozenset({Result("ask.1", CommandKind.GATHER, START, digits="1")})},
        {"bridged": START + 3 * SECOND},
        {"hung_up": Hangup(START + 9 * SECOND)},
    ]
    for order in itertools.permutations(facts):
        attempt = Attempt(dialled=START)
        for fact in order:
            last = attempt.hear(**fact)
        assert list(last) == [Done()]
        assert set(attempt.told) <= {"ask.1", "bridge"}
