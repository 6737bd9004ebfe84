"""A plan is walked without a call, with every score and reason."""

from datetime import UTC, datetime, timedelta

import pytest

from services.voice.queues.model import Queue, Scoring
from services.voice.routing.conditions import CallerIs, Trait
from services.voice.routing.inputs import Inputs
from services.voice.routing.plan import (
    Boost,
    Branch,
    CallbackStep,
    Case,
    Menu,
    Option,
    Plan,
    SkillNeed,
    Target,
    TransferStep,
    VoicemailStep,
)
from services.voice.routing.prompts import Prompt
from services.voice.routing.simulation import Assumed, End, Happening, Walk, impossible, simulate
from tests.support.routing_plans import OUTSIDE, WORDS, bye, enqueue, known, plan, say

NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
VIP = CallerIs(Trait.VIP)
QUEUES = {"support": Queue(queue_id="support", scoring=Scoring(vip=300 * SECOND))}


def walk(tried: Plan, inputs: Inputs | None = None, **more: object) -> Walk:
    """Walk a plan."""
    assumed = Assumed(inputs=inputs or Inputs(), now=NOW, queues=QUEUES, **more)  # type: ignore[arg-type]
    return simulate(tried, assumed)


def ways(walked: Walk) -> list[tuple[str, str]]:
    """Return the steps of a walk and the exits taken."""
    return [(each.step_id, each.exit) for each in walked.path]


MENU = Menu(
    step_id="menu",
    prompt=Prompt("One or two?"),
    retry_prompt=Prompt("Again."),
    options=(Option("1", ("sales",), "bye"), Option("2", (), "menu")),
    failure_step_id="waiting",
    human_step_id="waiting",
    max_tries=2,
)
ASKED = plan(MENU, enqueue(), bye())


@pytest.mark.parametrize(
    ("answers", "taken"),
    [
        (("1",), [("menu", "1"), ("bye", "")]),
        (("Sales!",), [("menu", "1"), ("bye", "")]),
        (("2", "1"), [("menu", "2"), ("menu", "1"), ("bye", "")]),
        (("0",), [("menu", "0"), ("waiting", "after_conversation")]),
        (("9", ""), [("menu", "failure"), ("waiting", "after_conversation")]),
        ((), [("menu", "failure"), ("waiting", "after_conversation")]),
    ],
)
def test_menus_take_the_answers_in_order(
    answers: tuple[str, ...], taken: list[tuple[str, str]]
) -> None:
    """Keys, words, zero for a human, wrong keys and silence each go their way."""
    assert ways(walk(ASKED, answers=answers)) == taken


def test_a_silent_caller_hears_the_question_again() -> None:
    """Before each new try the retry prompt is said, then the question."""
    assert walk(ASKED).path[0].prompts == ("One or two?", "Again.", "One or two?")


def test_who_answers_menus_for_ever_is_given_up() -> None:
    """A walk that a caller keeps going ends after 200 visits."""
    endless = walk(ASKED, answers=("2",) * 300)
    assert (endless.end, len(endless.path)) == (End.TOO_LONG, 200)


def test_a_queue_tells_what_a_caller_is_given() -> None:
    """Scores name the queue's boosts and the plan's, skills and rejected options are there."""
    step = enqueue(
        boosts=(Boost("campaign", 60 * SECOND), Boost("unknown", SECOND, CallerIs(Trait.KNOWN))),
        skills=(SkillNeed("spanish", 3, VIP),),
    )
    visit = walk(plan(step, bye()), known(vip=True)).path[0]
    assert dict(visit.scores) == {"wait": 0, "vip": 300, "campaign": 60}
    assert visit.skills == (("spanish", 3),)
    assert [(each.option, each.accepted) for each in visit.options] == [
        ("boost campaign", True),
        ("boost unknown", False),
        ("skill spanish:3", True),
    ]


def test_the_search_widens_as_far_as_the_wait_goes() -> None:
    """Targets that are due are taken if they hold; later ones are not looked at."""
    targets = (
        Target(20 * SECOND, "sales", when=VIP),
        Target(40 * SECOND, skills=()),
        Target(200 * SECOND, "sales"),
    )
    step = enqueue(targets=targets, skills=(SkillNeed("spanish"),))
    happening = Happening("waiting", "after_conversation", 50 * SECOND)
    visit = walk(plan(step, bye()), happenings=(happening,)).path[0]
    assert (visit.queue_id, visit.skills) == ("support", ())
    assert [each.accepted for each in visit.options] == [True, False, True]


def test_the_longest_wait_is_the_longest() -> None:
    """Who waits to the end passes every target, whatever wait was written."""
    step = enqueue(targets=(Target(80 * SECOND, "sales"),), max_wait=90 * SECOND)
    visit = walk(plan(step, bye()), happenings=(Happening("waiting", "max_wait"),)).path[0]
    assert (visit.queue_id, visit.exit) == ("sales", "max_wait")
    assert "after 90 s" in visit.reason


def test_a_closed_queue_sends_callers_on() -> None:
    """Outside its hours the queue's closed exit is taken by itself."""
    closed = known(**{"queue.support.status": "HOLIDAY"})
    assert ways(walk(plan(enqueue(), bye()), closed))[0] == ("waiting", "closed")


def test_time_goes_on_while_a_caller_waits() -> None:
    """What happens at a step takes its time: a branch after it sees the later clock."""
    happenings = (Happening("waiting", "max_wait"), Happening("box", "hang_up", 3 * SECOND))
    box = VoicemailStep(step_id="box", prompt=WORDS)
    walked = walk(plan(enqueue(otherwise="box"), box), happenings=happenings)
    assert walked.end is End.CALLER_HUNG_UP
    assert walked.path[-1].reason == "the caller gives up after 3 s"


OFFER = plan(
    CallbackStep(step_id="offer", queue_id="support", prompt=WORDS, declined_step_id="bye"),
    bye(),
)


@pytest.mark.parametrize(
    ("number", "answers", "taken"),
    [
        ("+13125550101", ("1",), "accepted"),
        ("+13125550101", ("2",), "declined"),
        ("+13125550101", (), "declined"),
        ("", ("1",), "declined"),
    ],
)
def test_a_callback_needs_a_yes_and_a_number(
    number: str, answers: tuple[str, ...], taken: str
) -> None:
    """Pressing 1 is a yes; who has no number cannot be called."""
    assert walk(OFFER, known(caller_number=number), answers=answers).path[0].exit == taken


def test_a_transfer_ends_the_walk_unless_it_fails() -> None:
    """Whoever is handed on has left us; whoever is not goes on."""
    out = TransferStep(step_id="out", to_number=OUTSIDE, failure_step_id="bye")
    assert walk(plan(out, bye())).end is End.TRANSFERRED
    failed = walk(plan(out, bye()), happenings=(Happening("out", "failure"),))
    assert ways(failed) == [("out", "failure"), ("bye", "")]


def test_only_the_proven_hear_their_name() -> None:
    """A simulated caller is greeted as a real one would be."""
    hello = plan(
        Branch(step_id="who", cases=(Case("vip", VIP, "hello"),), otherwise_step_id="hello"),
        say("hello"),
    )
    named = plan(
        *hello.listed[:1],
        VoicemailStep(step_id="hello", prompt=Prompt("Hello.", "Hello, {name}.")),
    )
    proven = known(vip=True, attestation="A", display_name="Ada")
    assert walk(named, proven).path[1].prompts == ("Hello, Ada.",)
    assert walk(named, known(display_name="Ada")).path[1].prompts == ("Hello.",)


def test_what_cannot_happen_is_named() -> None:
    """A step that is not there, one that depends on nobody, an exit of another: all are told."""
    happenings = [
        Happening("nowhere", "full"),
        Happening("menu", "failure"),
        Happening("waiting", "accepted"),
        Happening("waiting", "full"),
        Happening("waiting", "hang_up"),
    ]
    assert [place for place, _ in impossible(ASKED, happenings)] == [0, 1, 2]
