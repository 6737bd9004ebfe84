"""A plan is refused with every fault named, and one that is accepted cannot go round for ever."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice.routing.conditions import AllOf, CallerIs, QueueOpen, Trait, WithinHours
from services.voice.routing.default_plan import default_plan
from services.voice.routing.hours import Hours
from services.voice.routing.inputs import Inputs
from services.voice.routing.plan import (
    Branch,
    CallbackStep,
    Case,
    EnqueueStep,
    Menu,
    Option,
    Plan,
    Step,
    Target,
    TransferStep,
    VoicemailStep,
)
from services.voice.routing.prompts import Prompt, PromptVariant
from services.voice.routing.simulation import Assumed, End, Happening, simulate
from services.voice.routing.validation import Surroundings, faults
from tests.support.routing_plans import (
    ANY_INPUTS,
    QUEUES,
    WORDS,
    any_plan,
    bye,
    enqueue,
    made_up,
    plan,
    say,
)

AROUND = Surroundings(frozenset(QUEUES), frozenset({"+12025550110"}))
NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
VIP = CallerIs(Trait.VIP)


def told(checked: Plan) -> dict[str, str]:
    """Return the faults of a plan by field."""
    return {each.field: each.description for each in faults(checked, AROUND)}


def menu(step_id: str = "menu", *options: Option, failure: str = "bye", human: str = "") -> Menu:
    """Return a menu."""
    given_options = options or (Option("1", (), "bye"),)
    return Menu(
        step_id=step_id,
        prompt=WORDS,
        options=given_options,
        failure_step_id=failure,
        human_step_id=human,
    )


def test_a_good_plan_has_no_fault() -> None:
    """Greeting, menu, queue, goodbye: nothing to say."""
    good = plan(
        say("hello", "menu"), menu("menu", Option("1", ("sales",), "waiting")), enqueue(), bye()
    )
    assert told(good) == {}


def test_the_plan_of_the_settings_has_no_fault() -> None:
    """What is used where nobody has made a plan can be walked."""
    made = default_plan(
        numbers=frozenset({"+12025550110"}),
        greeting="Hello.",
        named_greeting="Hello, {name}.",
        queue_id="support",
    )
    assert told(made) == {}


def test_every_fault_is_named_at_once() -> None:
    """One plan with everything wrong: each thing is named, by its field."""
    bad = plan(
        say("hello", "nowhere"),
        say("hello", "asking"),
        menu("asking", Option("1"), Option("1"), Option("0"), human="bye"),
        enqueue(
            "waiting", queue_id="lost", targets=(Target(5 * SECOND), Target(5 * SECOND, "lost"))
        ),
        TransferStep(step_id="out", to_number="+12025550110"),
        bye(),
        entry="missing",
    )
    assert set(told(bad)) == {
        "plan.entry_step_id",
        "plan.steps[1].step_id",
        "plan.steps[0].say",
        "plan.steps[2].menu.options[1].digits",
        "plan.steps[2].menu.options[2].digits",
        "plan.steps[3].enqueue.queue_id",
        "plan.steps[3].enqueue.targets[0]",
        "plan.steps[3].enqueue.targets[1].after",
        "plan.steps[3].enqueue.targets[1].queue_id",
        "plan.steps[4].transfer.to_number",
        *(f"plan.steps[{index}]" for index in range(6)),
    }


def deep(levels: int) -> AllOf | CallerIs:
    """Return a condition of so many levels."""
    return VIP if levels == 1 else AllOf((deep(levels - 1),))


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        (deep(9), "plan.steps[0].branch.cases[0].when"),
        (QueueOpen("lost"), "plan.steps[0].branch.cases[0].when"),
        (
            AllOf((VIP, WithinHours(Hours("Nowhere/At_All")))),
            "plan.steps[0].branch.cases[0].when.all_of.conditions[1].within_hours.time_zone",
        ),
    ],
)
def test_faults_inside_conditions_are_found(condition: AllOf, field: str) -> None:
    """Too deep, about no queue, in no time zone: the very condition is named."""
    branch = Branch(step_id="which", cases=(Case("", condition, "bye"),))
    assert list(told(plan(branch, bye()))) == [field]


def test_conditions_may_be_as_deep_as_promised() -> None:
    """Eight levels are allowed."""
    assert told(plan(Branch(step_id="which", cases=(Case("", deep(8), ""),)))) == {}


@pytest.mark.parametrize(
    "prompt",
    [Prompt(), Prompt("x", variants=(PromptVariant("es"),))],
    ids=["empty", "empty variant"],
)
def test_silence_is_no_prompt(prompt: Prompt) -> None:
    """A prompt that nobody would hear is a fault, in every language."""
    assert len(told(plan(VoicemailStep(step_id="box", prompt=prompt)))) == 1


def test_a_language_stands_once() -> None:
    """Of two variants in one language nobody could say which is meant."""
    twice = Prompt("x", variants=(PromptVariant("es", "y"), PromptVariant("ES", "z")))
    field = "plan.steps[0].voicemail.prompt.variants[1].language"
    assert list(told(plan(VoicemailStep(step_id="box", prompt=twice)))) == [field]


def test_labels_tell_ways_apart() -> None:
    """Two cases of one label, and one that is called like the rest, are faults."""
    cases = (Case("vip", VIP, "bye"), Case("vip", VIP, ""), Case("otherwise", VIP, ""))
    assert len(told(plan(Branch(step_id="which", cases=cases), bye()))) == 2


def test_targets_come_in_order_and_before_the_end() -> None:
    """A target that is never reached because the wait is over before is a fault."""
    step = enqueue(max_wait=10 * SECOND, targets=(Target(10 * SECOND, "sales"),))
    assert list(told(plan(step, bye()))) == ["plan.steps[0].enqueue.targets[0].after"]


ROUND = [
    (say("a", "a"),),
    (say("a", "b"), say("b", "a")),
    (menu("a", failure="a"),),
    (enqueue("a", "a"),),
    (Branch(step_id="a", cases=(Case("", VIP, "a"),)),),
    (TransferStep(step_id="a", to_number="+13125550199", failure_step_id="a"),),
    (VoicemailStep(step_id="a", prompt=WORDS, next_step_id="a"),),
    (CallbackStep(step_id="a", queue_id="sales", prompt=WORDS, declined_step_id="a"),),
    (enqueue("a", offers_failed_step_id="a"),),
]


@pytest.mark.parametrize("steps", ROUND, ids=lambda steps: type(steps[-1]).__name__)
def test_a_circle_without_caller_or_waiting_is_refused(steps: tuple[Step, ...]) -> None:
    """Whatever kind of step goes back without asking or waiting, the circle is named."""
    words = " ".join(told(plan(*steps, bye())).values())
    assert "a -> " in words


def test_each_of_two_circles_is_named() -> None:
    """Two circles through one step are two faults."""
    branch = Branch(step_id="a", cases=(Case("", VIP, "b"),), otherwise_step_id="c")
    words = " ".join(told(plan(branch, say("b", "a"), say("c", "a"))).values())
    assert "a -> b -> a" in words
    assert "c -> a -> c" in words


@pytest.mark.parametrize(
    "step",
    [
        menu("a", Option("1", (), "a")),
        enqueue("a", max_wait_step_id="a"),
        enqueue("a", after_conversation_step_id="a"),
        enqueue("a", callback_step_id="a"),
    ],
    ids=["asks", "waits", "talks", "offers"],
)
def test_a_circle_with_caller_or_waiting_is_allowed(step: Step) -> None:
    """A menu that is asked again, and a queue that is entered again after a wait, are normal."""
    assert told(plan(step, bye())) == {}


def without_caller_or_waiting(checked: Plan, chance: random.Random) -> list[Happening]:
    """Return what may happen at once and by itself at the steps of a plan, again and again."""
    ways = {
        EnqueueStep: ["full", "closed", "offers_failed"],
        CallbackStep: ["declined"],
        TransferStep: ["failure"],
        VoicemailStep: ["next"],
    }
    dependent = [step for step in checked.listed if type(step) in ways]
    return [
        Happening(step.step_id, chance.choice(ways[type(step)]))
        for step in dependent
        for _ in range(4)
    ]


@settings(max_examples=300)
@given(any_plan(), ANY_INPUTS, st.integers(0, 2**32))
def test_an_accepted_plan_never_goes_round(made: Plan, inputs: Inputs, seed: int) -> None:
    """With a silent caller and nothing but failures, every accepted plan ends within its steps."""
    checked = within_reach(made)
    if faults(checked, AROUND):
        return
    happenings = tuple(without_caller_or_waiting(checked, random.Random(seed)))
    walk = simulate(checked, Assumed(inputs=inputs, now=NOW, happenings=happenings))
    visited = [visit.step_id for visit in walk.path]
    assert walk.end is not End.TOO_LONG
    assert len(visited) == len(set(visited))


def within_reach(made: Plan) -> Plan:
    """Return a plan without the steps that nobody can come to, which alone would be a fault."""
    alone = {
        each.description.removeprefix("cannot be reached: ")
        for each in faults(made, AROUND)
        if each.description.startswith("cannot be reached")
    }
    return plan(*(step for step in made.listed if step.step_id not in alone))


def test_made_up_plans_are_worth_checking() -> None:
    """Of those made up, a good part of some length is accepted, and a good part is not."""
    made = [within_reach(made_up(seed)) for seed in range(300)]
    accepted = [each for each in made if not faults(each, AROUND)]
    assert len([each for each in accepted if len(each.listed) >= 3]) > 30
    assert len(accepted) < 270


@given(any_plan(strays=("nowhere",)), st.data())
def test_a_planted_circle_is_always_found(checked: Plan, data: st.DataObject) -> None:
    """Whatever a plan is like, two steps that lead to each other at once make it faulty."""
    there, back = say("there", "back"), say("back", "there")
    steps = data.draw(st.permutations([*checked.listed, there, back]))
    words = " ".join(told(plan(*steps, entry="there")).values())
    assert "there -> back -> there" in words or "back -> there -> back" in words


@given(any_plan(strays=("nowhere",)))
def test_checking_never_fails(checked: Plan) -> None:
    """Any plan at all gets an answer, and the same one again."""
    assert faults(checked, AROUND) == faults(checked, AROUND)
